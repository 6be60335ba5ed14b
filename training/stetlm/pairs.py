"""Functions with their documentation, cut apart: what the search encoder learns from and is measured on.

    python -m stetlm.pairs --data DIR --out DIR/encoder/pairs.jsonl

Python is read with `ast`; JavaScript and TypeScript by blanking comments, strings and regular expressions and matching
brackets in what is left, which needs no parser and is wrong on a few functions in a thousand (nested templates, JSX).
The same extractor makes training pairs and evaluation queries. Documentation never stays in the code: not the
function's own, and not that of functions inside it. Queries are made as in the docstring benchmark this kit compares
itself to: first sentence, 4 to 40 words, ASCII, no tags, no tests, no sentence that more than three functions share.
"""
import argparse
import ast
import bisect
import collections
import json
import os
import re
import time
import warnings
from typing import NamedTuple

from . import corpus

# In the language model's corpus but kept from the encoder: BM25 and the fusion are tuned on these, so that the tuning
# sees an encoder that does not know them either, as it will be with a user's code.
DEVELOPMENT = {
    "psf/requests", "pallets/click", "scrapy/scrapy", "mitmproxy/mitmproxy",
    "sequelize/sequelize", "axios/axios", "vuejs/core", "date-fns/date-fns",
}
LANGUAGE_OF = {"py": "py", "ts": "ts", "tsx": "ts", "mts": "ts", "cts": "ts", "js": "ts", "jsx": "ts", "mjs": "ts", "cjs": "ts"}
TEST = re.compile(r"(^|/)(tests?|__tests__|testing|integration|e2e)(/|$)|[._-](test|spec)\.|_test\.|(^|/)test_|conftest")
UNUSABLE = re.compile(r"@(param|return|inheritdoc|deprecated|internal|see)|copyright|TODO|eslint|^see |^deprecated|>>>", re.I)
MAX_FILE_BYTES = 400_000
MAX_CODE_CHARS = 8_000  # of a function in a training pair; longer ones are cut


class Function(NamedTuple):
    path: str
    line: int  # first line, from 1
    name: str
    code: str  # without documentation
    doc: str  # "" when there is none


def functions(path: str, text: str) -> "list[Function]":
    """Every function and method with a body, in file order; nothing for other languages and broken Python."""
    language = LANGUAGE_OF.get(path.rsplit(".", 1)[-1])
    if language == "py":
        return python_functions(path, text)
    return script_functions(path, text) if language else []


def python_functions(path: str, text: str) -> "list[Function]":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in other people's strings
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return []
    lines, out, docs = text.split("\n"), [], []
    nodes = [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
    for node in nodes:
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            docs.append((first.lineno, first.end_lineno))
    is_doc = {line for start, end in docs for line in range(start, end + 1)}
    for node in sorted((n for n in nodes if not isinstance(n, ast.ClassDef)), key=lambda n: n.lineno):
        code = "\n".join(lines[i - 1] for i in range(node.lineno, node.end_lineno + 1) if i not in is_doc or i == node.lineno)
        out.append(Function(path, node.lineno, node.name, code, ast.get_docstring(node) or ""))
    return out


BLANKED = re.compile(
    r"/\*.*?\*/|//[^\n]*"
    r'|"(?:\\.|[^"\\\n])*"' r"|'(?:\\.|[^'\\\n])*'" r"|`(?:\\.|[^`\\])*`"
    # A slash after an operator or an opening bracket begins a regular expression, not a division.
    r"|(?<=[=(,:\[!&|?{};\n+])[ \t]*/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/",
    re.S,
)
HEADER = re.compile(
    r"\bfunction\b\s*\*?\s*(?P<function>[\w$]+)\s*(?:<[^()]*?>\s*)?\("
    r"|(?P<value>[\w$#]+)[?!]?\s*(?::[^=;(){}\n]{1,80})?[=:]\s*(?:async\s*)?(?:function\b\s*\*?\s*[\w$]*\s*)?(?:<[^()=]*?>\s*)?\("
    r"|^[ \t]*(?:@[\w$.]+(?:\([^()\n]*\))?[ \t]+)*(?:(?:public|private|protected|static|async|override|readonly|get|set|\*)\s+)*\*?(?P<method>[\w$#]+)\s*(?:<[^()]*?>\s*)?\(",
    re.M,
)
NOT_A_NAME = {"if", "for", "while", "switch", "catch", "with", "return", "function", "await", "new", "typeof", "do", "else", "case", "default", "super", "import", "yield", "throw"}
BEFORE_HEADER = re.compile(
    r"\s*(?:(?:export|default|declare|async|public|private|protected|static|override|readonly|abstract|const|let|var)\s+"
    r"|[\w$]+(?:\.[\w$]+)*\.|@[\w$.]+(?:\([^)]*\))?\s+)*",
)
TYPE_BEFORE_BODY = re.compile(r"\s*(?::[^;{}=]*(?:=>[^;{}=]*)?)?(\{|=>\s*\{?|;|$)")
OPEN, CLOSE = "([{", {")": "(", "]": "[", "}": "{"}


def _blank(match) -> str:
    text = match[0]
    return " " * len(text) if "\n" not in text else re.sub(r"[^\n]", " ", text)


def _brackets(blanked: str) -> "dict[int, int]":
    """Position of each opening bracket -> position of its closing one; a stray closer closes what it fits."""
    stack, out = [], {}
    for match in re.finditer(r"[()\[\]{}]", blanked):
        char, at = match[0], match.start()
        if char in OPEN:
            stack.append((char, at))
            continue
        for depth in range(len(stack) - 1, max(-1, len(stack) - 4), -1):
            if stack[depth][0] == CLOSE[char]:
                out[stack[depth][1]] = at
                del stack[depth:]
                break
    return out


def _body(blanked: str, closers: "dict[int, int]", after: int) -> "tuple[int | None, bool]":
    """(end of the body that follows a parameter list closed at after - 1, is there an arrow); None without a body."""
    match = TYPE_BEFORE_BODY.match(blanked, after)
    if not match or match[1] in (";", ""):
        return None, False
    is_arrow = "=>" in match[0]
    if match[1] == "=>":  # an expression: up to the end of the statement
        stop = re.compile(r";|\n\s*\n|\n[)}\]]").search(blanked, match.end())
        return (stop.start() if stop else len(blanked)), True
    at = match.end() - 1
    end = closers.get(at)
    while end is not None:  # `): { a: string } {`: the first braces were a type
        more = re.compile(r"[ \[\]|&]*(=>\s*)?\{").match(blanked, end + 1)
        if not more or ":" not in match[0]:
            return end + 1, is_arrow
        is_arrow = is_arrow or bool(more[1])
        end = closers.get(more.end() - 1)
    return None, False


def script_functions(path: str, text: str) -> "list[Function]":
    docs = []  # (start, end) of every /** */

    def blank(match):
        if match[0].startswith("/**"):
            docs.append(match.span())
        return _blank(match)

    blanked = BLANKED.sub(blank, text)
    closers, ends = _brackets(blanked), [end for _, end in docs]
    line_starts = [0, *(m.end() for m in re.finditer("\n", text))]
    out, seen = [], set()
    for match in HEADER.finditer(blanked):
        name, open_at = match[match.lastgroup], match.end() - 1
        if name in NOT_A_NAME or open_at not in closers:
            continue
        end, is_arrow = _body(blanked, closers, closers[open_at] + 1)
        # A value in brackets is a function only with an arrow behind it or the word before it.
        is_value = match.lastgroup == "value" and "function" not in match[0]
        if end is None or open_at in seen or (is_value and not is_arrow):
            continue
        seen.add(open_at)
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        at, doc = bisect.bisect_right(ends, start) - 1, ""
        if at >= 0 and start - ends[at] < 200 and BEFORE_HEADER.fullmatch(blanked, ends[at], start):
            doc = clean_jsdoc(text[slice(*docs[at])])
        inner = docs[bisect.bisect_left(docs, (start, 0)) : bisect.bisect_left(docs, (end, 0))]
        code, cut = "", start
        for doc_start, doc_end in inner:
            code, cut = code + text[cut:doc_start], doc_end
        out.append(Function(path, bisect.bisect_right(line_starts, start), name, code + text[cut:end], doc))
    return out


def clean_jsdoc(comment: str) -> str:
    """The prose of a JSDoc block: no stars, nothing from the first tag on, links by their text."""
    text = re.sub(r"^[ \t]*\*+ ?", "", comment.strip()[3:-2], flags=re.M)
    text = re.sub(r"\{@\w+\s+([^}|]*\|)?([^}]*)\}", r"\2", text)
    return re.split(r"(?:^|\s)@\w", text)[0].strip()


def first_sentence(doc: str) -> str:
    paragraph = " ".join(re.split(r"\n\s*\n", doc.strip())[0].split())
    match = re.match(r"(.+?[.!?])(\s|$)", paragraph)
    return (match[1] if match else paragraph).replace("`", "").strip()


def query_of(function: Function, is_training: bool = False) -> "str | None":
    """The search a person might type for this function, taken from its documentation. For training, short sentences
    and functions of two lines are good enough; evaluation keeps to the benchmark's rule."""
    if not function.doc or TEST.search(function.path) or function.name.startswith("__"):
        return None
    query = first_sentence(function.doc)
    n_words = len(query.split())
    if UNUSABLE.search(query) or not (3 if is_training else 4) <= n_words <= 40 or not re.fullmatch(r"[\x20-\x7e]+", query):
        return None
    return query if function.code.count("\n") >= (1 if is_training else 2) else None


def queries(pool: "list[Function]") -> "list[tuple[str, list[int]]]":
    """(query, indices of the right functions); a sentence that more than three functions share is no query."""
    by_text = collections.defaultdict(list)
    for i, function in enumerate(pool):
        query = query_of(function)
        if query:
            by_text[query].append(i)
    return [(query, found) for query, found in by_text.items() if len(found) <= 3]


COMMENT_BLOCK = re.compile(r"(?m)^([ \t]+)(?:#|//) ?([A-Z][^\n]{14,160})\n((?:\1(?![ \t]*(?:#|//))[^\n]+\n){2,12})")


def training_pairs(data_dir: str, seconds: float):
    """Yields dicts {kind, repo, path, query, name, code} of the training side, development repositories left out.

    doc: first sentence -> function; rest: the other sentences -> function; kept: first sentence -> the other sentences
    and the function; name: words of the name -> body (the name cut out); comment: an inner comment -> the lines after."""
    start = time.process_time()
    for lang in ("py", "ts", "tsx", "js"):
        counts = collections.Counter()
        for repo, path, content in corpus.records(data_dir, "train", lang):
            assert corpus.side_of(repo) == "train", f"{repo} is held out"
            if repo in DEVELOPMENT or TEST.search(path) or len(content) > MAX_FILE_BYTES:
                continue
            if time.process_time() - start > seconds:
                print(f"{lang}: out of time, the rest is left out", flush=True)
                return
            text = content.decode("utf-8", "replace")
            for pair in pairs_of_file(repo, path, text):
                counts[pair["kind"]] += 1
                yield pair
        print(f"{lang}: {dict(counts)}, {time.process_time() - start:.0f} s", flush=True)


def pairs_of_file(repo: str, path: str, text: str):
    for function in functions(path, text):
        code = function.code[:MAX_CODE_CHARS]
        base = {"repo": repo, "path": path, "name": function.name, "code": code}
        query = query_of(function, is_training=True)
        if query:
            yield {"kind": "doc", "query": query, **base}
            rest = " ".join(function.doc.split())[len(query) :].strip()
            if 6 <= len(rest.split()):
                yield {"kind": "rest", "query": " ".join(rest.split()[:60]), **base}
                yield {"kind": "kept", "query": query, **base, "code": rest + "\n" + code}
        if not function.name.startswith("__") and function.name != "constructor" and code.count("\n") >= 3:
            body = re.sub(rf"\b{re.escape(function.name)}\b", " ", code)
            yield {"kind": "name", "query": function.name, "repo": repo, "path": path, "name": "", "code": body}
    for match in COMMENT_BLOCK.finditer(text):
        if not re.search(r"TODO|FIXME|eslint|noqa|type:|pylint|@ts", match[2]):
            yield {"kind": "comment", "query": match[2].strip(), "repo": repo, "path": path, "name": "", "code": match[3]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=os.environ.get("STET_DATA", "training/data"))
    parser.add_argument("--out", required=True)
    parser.add_argument("--seconds", type=float, default=600, help="CPU seconds for all languages together")
    args = parser.parse_args()
    os.makedirs(os.path.dirname(os.path.abspath(args.out)), exist_ok=True)
    with open(args.out + ".part", "w") as file:
        for pair in training_pairs(args.data, args.seconds):
            file.write(json.dumps(pair) + "\n")
    os.replace(args.out + ".part", args.out)


if __name__ == "__main__":
    main()

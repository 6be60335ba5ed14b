"""Evaluation on repositories that were never trained on: bits per byte, infilling, memorisation, and an n-gram beside it.

    python -m stetlm.evaluate bpb      --model model --data DIR [--ngram] [--files 60]
    python -m stetlm.evaluate infill   --model model --data DIR [--cases 300] [--holes arguments] [--others] [--order psm] [--ngram]
    python -m stetlm.evaluate memory   --model model --data DIR [--cases 200]
    python -m stetlm.evaluate samples  --model model --data DIR [--cases 12]

Cases are drawn with a fixed seed from the held-out side, without the files that `corpus check` found leaked.
Intervals are 95 % bootstrap over files (bits per byte) or cases. `--json FILE` appends the result as one line.
"""
import argparse
import json
import math
import os
import random
import re

import numpy as np
import torch

from . import corpus, export, generate, model as llama, ngram, quantise

# Formatter inputs and the like, under tests/data: text that nobody writes. Applied to evaluation only.
EVAL_SKIP = re.compile(r"(^|/)tests?/data/")
LANGUAGES = ("ts", "tsx", "js", "py")
WINDOW = 1024  # tokens of a file that are scored, header included


def held_out(data_dir: str, lang: str, side: str = "hold"):
    path, leaked = os.path.join(data_dir, "leaks.json"), set()
    if os.path.exists(path):
        with open(path) as file:
            leaked = set(json.load(file).get(lang, {}).get("leaked", []))
    items = corpus.records(data_dir, side, lang)
    return [item for item in items if f"{item[0]}:{item[1]}" not in leaked and not EVAL_SKIP.search(item[1])]


def interval(numerators, denominators=None, n_draws: int = 1_000):
    """Ratio of sums and its 95 % bootstrap interval, rounded to four digits."""
    a = np.asarray(numerators, dtype=np.float64)
    b = np.ones_like(a) if denominators is None else np.asarray(denominators, dtype=np.float64)
    picks = np.random.default_rng(0).integers(0, len(a), (n_draws, len(a)))
    draws = a[picks].sum(1) / b[picks].sum(1)
    low, high = np.percentile(draws, [2.5, 97.5])
    return [round(float(x), 4) for x in (a.sum() / b.sum(), low, high)]


@torch.no_grad()
def window_bits(model, ids, n_header: int) -> float:
    hidden = model(torch.tensor([ids]))[0]
    logits = model.logits(hidden[:-1])
    target = torch.tensor(ids[1:])
    nll = logits.logsumexp(-1) - logits.gather(1, target[:, None])[:, 0]
    return float(nll[n_header - 1 :].sum()) / math.log(2)


def bits_per_byte(args, model, tok, counts) -> dict:
    """Per language: bits per byte of the first WINDOW tokens of sampled files, the path header given."""
    result = {}
    for lang in LANGUAGES:
        items = held_out(args.data, lang)
        items = random.Random(5).sample(items, min(args.files, len(items)))
        bits, n_bytes, grams = [], [], []
        for _, path, content in items:
            header = [tok.special["<file>"], *tok.encode(path + "\n")]
            body = tok.encode(content.decode())[: WINDOW - len(header)]
            bits.append(window_bits(model, header + body, len(header)))
            n_bytes.append(len(tok.decode_bytes(body)))
            if counts:
                grams.append(counts.bits(header + body, len(header)))
        if items:
            result[lang] = {"files": len(items), "bytes": sum(n_bytes), "bpb": interval(bits, n_bytes)}
            if counts:
                result[lang]["ngramBpb"] = interval(grams, n_bytes)
    return result


def edit_similarity(a: str, b: str) -> float:
    """1 - Levenshtein distance over the longer length."""
    if not a and not b:
        return 1.0
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (char != other))
    return 1 - row[-1] / max(len(a), len(b))


def cases(data_dir: str, n: int, side: str = "hold", seed: int = 11):
    """Fixed holes: (kind, lang, item, start, end). Two thirds single-line, from a word start or after punctuation to
    the end of the line; one third multi-line, two to four whole lines. ts+tsx+js and py half each."""
    rng = random.Random(seed)
    pool = {lang: held_out(data_dir, lang, side) for lang in LANGUAGES}
    pool = {lang: items for lang, items in pool.items() if items}
    out = []
    while len(out) < n:
        lang = rng.choices(list(pool), [{"ts": 35, "tsx": 5, "js": 10, "py": 50}[lang] for lang in pool])[0]
        item = rng.choice(pool[lang])
        text = item[2].decode()
        lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]+", text)]
        at = rng.randrange(len(lines))
        start, end = lines[at]
        line = text[start:end]
        if len(line.strip()) < 6 or re.match(r"\s*(//|#|\*|/\*|\"\"\")", line):
            continue  # comments and lone brackets are not what a suggestion is judged by
        if len(out) % 3 < 2:
            places = [m.start() for m in re.finditer(r"(?<![A-Za-z0-9_])(?=[A-Za-z0-9_(\[{'\"`])", line)]
            places = [p for p in places if len(line) - p >= 3]
            if not places:
                continue
            out.append(("single", lang, item, start + rng.choice(places), end))
        else:
            last = at + rng.randint(1, 3)
            if last >= len(lines) or lines[last][1] - start > 300:
                continue
            out.append(("multi", lang, item, start + len(line) - len(line.lstrip()), lines[last][1]))
    return out


def argument_cases(data_dir: str, n: int, side: str = "hold", seed: int = 13):
    """Fixed holes like those of `cases`: all that stands between the brackets of a call, 2 to 120 characters."""
    rng = random.Random(seed)
    pool = {lang: items for lang in LANGUAGES if (items := held_out(data_dir, lang, side))}
    out = []
    while len(out) < n:
        lang = rng.choices(list(pool), [{"ts": 35, "tsx": 5, "js": 10, "py": 50}[lang] for lang in pool])[0]
        item = rng.choice(pool[lang])
        text = item[2].decode()
        calls = [m.end() for m in re.finditer(r"^(?!\s*(?:def|function|class|//|#|\*)\b)[^\n]*?\w\(", text, re.M)]
        if not calls:
            continue
        start = rng.choice(calls)
        end = start + len(inside(text[start : start + 121]))
        if 2 <= end - start <= 120 and text[end : end + 1] == ")":
            out.append(("argument", lang, item, start, end))
    return out


def inside(text: str) -> str:
    """What stands before the bracket that closes one opened before the text; all of it if none does."""
    depth = 0
    for i, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if depth < 0:
            return text[:i]
    return text


def healed(counts, tok, prefix: str, max_tokens: int) -> "list[int]":
    """The n-gram has only seen whole tokens, and a blank or mark before the hole would have joined the next word: it
    is taken back and, where the answer begins with it, cut from the answer. (The network is trained for such cuts.)"""
    last = prefix[-1:]
    if last and last not in "\n\t" and not (last.isalnum() or last == "_"):
        got = tok.decode(counts.greedy(generate.last_lines(tok, prefix[:-1], 64), max_tokens))
        if len(got) > 1 and got.startswith(last):
            return tok.encode(got[1:])
    return counts.greedy(generate.last_lines(tok, prefix, 64), max_tokens)


def answer_case(args, model, tok, counts, files, case):
    """(generated text, first token is right) for one hole."""
    kind, _, item, start, end = case
    text = item[2].decode()
    others = []
    if args.others:
        near = files.neighbours(item, 2, random.Random(7))
        others = [(path, content.decode()) for _, path, content in near]
    want = tok.encode(text[start:end])
    if counts:
        got = healed(counts, tok, text[:start], 64 if kind == "multi" else 48)
    else:
        prompt = generate.fim_prompt(tok, item[1], text[:start], text[end:], args.order, others)
        got = generate.greedy(model, tok, prompt, 96 if kind == "multi" else 48, kind == "single")
    answer = tok.decode(got)
    if kind == "argument":
        answer = inside(answer)
    elif kind == "single":
        answer = answer.split("\n")[0]
    elif counts:  # an n-gram has no end token: it gets the true number of lines
        answer = "\n".join(answer.split("\n")[: text[start:end].count("\n") + 1])
    return answer, bool(got) and got[0] == want[0]


def infill(args, model, tok, counts) -> dict:
    from . import data

    files = data.Files(args.data, "hold", {lang: 1.0 for lang in LANGUAGES}) if args.others else None
    found = {}
    for case in (argument_cases if args.holes == "arguments" else cases)(args.data, args.cases):
        kind, lang, item, start, end = case
        want = item[2].decode()[start:end].rstrip()
        answer, is_first_right = answer_case(args, model, tok, counts, files, case)
        answer = answer.rstrip()
        group = "py" if lang == "py" else "ts/js"
        for key in (kind, f"{kind} {group}"):
            found.setdefault(key, []).append((answer == want, edit_similarity(answer, want), is_first_right))
    result = {}
    for key, rows in sorted(found.items()):
        exact, similar, first = zip(*rows)
        result[key] = {"cases": len(rows), "exactMatch": interval(exact), "editSimilarity": interval(similar), "firstToken": interval(first)}
    return result


def memory(args, model, tok) -> dict:
    """How often 50 tokens of a training file call up its next 50, word for word; beside it the same on held-out files."""
    result = {}
    for side in ("train", "hold"):
        rng, hits, longest = random.Random(9), [], []
        items = [item for lang in LANGUAGES for item in held_out(args.data, lang, side)]
        while len(hits) < args.cases:
            ids = tok.encode(rng.choice(items)[2].decode())
            if len(ids) < 120:
                continue
            at = rng.randrange(len(ids) - 110)
            got = generate.greedy(model, tok, ids[at : at + 50], 50, False)
            same = next((i for i, (a, b) in enumerate(zip(got, ids[at + 50 : at + 100])) if a != b), len(got))
            hits.append(same >= 50)
            longest.append(same)
        result[side] = {"prompts": len(hits), "verbatim50": sum(hits), "meanSameTokens": round(float(np.mean(longest)), 2), "longest": max(longest)}
    return result


def samples(args, model, tok) -> dict:
    """Completions as they come, for reading: the line before the hole, what was asked, what came."""
    rows = []
    for case in cases(args.data, args.cases, seed=args.seed):
        kind, lang, item, start, end = case
        text = item[2].decode()
        answer, _ = answer_case(args, model, tok, None, None, case)
        before = "\n".join(text[:start].split("\n")[-4:])
        rows.append({"file": f"{item[0]}:{item[1]}", "kind": kind, "before": before, "want": text[start:end], "got": answer})
        print(f"--- {rows[-1]['file']} ({kind})\n{before}█\n  want: {text[start:end]!r}\n  got:  {answer!r}")
    return {"samples": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=["bpb", "infill", "memory", "samples"])
    parser.add_argument("--model", default="model", help="exported folder")
    parser.add_argument("--data", default=os.environ.get("STET_DATA", "training/data"))
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--holes", choices=["lines", "arguments"], default="lines", help="infill: what is cut out")
    parser.add_argument("--order", choices=["spm", "psm"], default="spm")
    parser.add_argument("--others", action="store_true", help="two other files of the repository in the prompt")
    parser.add_argument("--ngram", action="store_true", help="the 5-gram baseline instead (infill) or beside (bpb)")
    parser.add_argument("--ngram-tokens", type=int, default=12_000_000)
    parser.add_argument("--quantise", choices=["none", "bf16", "int8", "int4"], default="none")
    parser.add_argument("--seed", type=int, default=23)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model, tok = export.load_folder(args.model)
    quantise.apply(model, args.quantise)
    counts = ngram.cached(args.data, tok, args.ngram_tokens) if args.ngram else None
    if args.command == "bpb":
        result = bits_per_byte(args, model, tok, counts)
    elif args.command == "infill":
        result = infill(args, model, tok, counts)
    elif args.command == "memory":
        result = memory(args, model, tok)
    else:
        result = samples(args, model, tok)
    line = {"command": args.command, "model": export.label(args.model), "holes": args.holes, "order": args.order, "others": args.others, "ngram": args.ngram, "quantise": args.quantise, "parameters": llama.n_parameters(model), "result": result}
    if args.command != "samples":
        print(json.dumps(line, indent=1))
    if args.json:
        with open(args.json, "a") as file:
            file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()

"""Training rows: what the model reads, in exactly the form in which the product writes its prompts.

A row is packed from contexts. A context is a header (`<repo>owner/name\\n` sometimes, `<file>path\\n` mostly), then
either a stretch of a file, or the file with a hole (fill in the middle):
    SPM  <fim_prefix><fim_suffix>SUFFIX<fim_middle>PREFIX MIDDLE<eot>
    PSM  <fim_prefix>PREFIX<fim_suffix>SUFFIX<fim_middle>MIDDLE<eot>
Cuts are made on characters and each piece is tokenised on its own, so that a prefix may end inside a token: the
model learns to go on from there and the product needs no token healing. A hole has only one such place to learn from,
so in half of the contexts words are cut here and there as if a cursor had stood in them.

An id stored as ~id is read but not asked for (`spell` tells them apart): half a word before a cut is nothing that the
model should ever say.
"""
import collections
import os
import random

import numpy as np

from . import corpus, tokenizer as bpe

LANGUAGE_WEIGHTS = {"ts": 0.37, "tsx": 0.09, "js": 0.09, "py": 0.45}
P_FIM, P_SPM = 0.70, 0.75
P_MANY_FILES = 0.25
P_NO_HEADER = 0.10  # of single-file contexts
P_CUT_CONTEXT, P_CUT = 0.5, 0.12  # contexts with cuts inside words, and how many of their pieces are cut
MAX_MIDDLE = 64  # tokens: the window is to be spent on context, and suggestions are short
CHARS_PER_TOKEN = 3.8  # only an estimate, to know how much text to tokenise


class Files:
    """One side of the corpus in memory, to be drawn from by language, and by neighbourhood in a repository."""

    def __init__(self, data_dir: str, side: str = "train", weights=None):
        self.by_lang, self.cumulative, self.by_repo = {}, {}, collections.defaultdict(list)
        weights = weights or LANGUAGE_WEIGHTS
        for lang in weights:
            items = corpus.records(data_dir, side, lang)
            if items:
                self.by_lang[lang] = items
                # By size, but a file never counts for more than 20 kB: long files are repetitive.
                self.cumulative[lang] = np.cumsum([min(len(content), 20_000) for _, _, content in items])
                for item in items:
                    self.by_repo[item[0]].append(item)
        assert self.by_lang, f"no corpus under {data_dir}/{side}: build it first (python -m stetlm.corpus build …)"
        for items in self.by_repo.values():
            items.sort(key=lambda item: item[1])
        self.langs = list(self.by_lang)
        self.weights = [weights[lang] for lang in self.langs]

    def draw(self, rng: random.Random):
        lang = rng.choices(self.langs, self.weights)[0]
        cumulative = self.cumulative[lang]
        return self.by_lang[lang][int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))]

    def neighbours(self, item, n: int, rng: random.Random):
        """n other files of the repository: those of the same folder first, else from near by in path order."""
        items = self.by_repo[item[0]]
        folder = os.path.dirname(item[1])
        here = items.index(item)
        near = [other for other in items[max(0, here - 30) : here + 31] if other is not item]
        rng.shuffle(near)
        near.sort(key=lambda other: os.path.dirname(other[1]) != folder)
        return near[:n]


def middle_span(text: str, rng: random.Random) -> "tuple[int, int]":
    """[start, end) of a hole in the text, in characters."""
    kind = rng.random()
    at = rng.randrange(len(text) + 1)
    if kind < 0.50:
        return line_span(text, at, rng)
    if kind < 0.75:
        return structure_span(text, at, rng) or line_span(text, at, rng)
    return at, min(len(text), at + rng.randint(1, 160))


def line_span(text: str, at: int, rng: random.Random) -> "tuple[int, int]":
    """From a column of the line to its end, or one to three lines further."""
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    line = text[start:end]
    indent = len(line) - len(line.lstrip())
    choice = rng.random()
    if choice < 0.25:
        at = start + indent  # the whole line after its indentation
    elif choice < 0.55:
        # After a blank or a punctuation mark: where a suggestion is most often asked for.
        places = [i + 1 for i, char in enumerate(line) if i >= indent and not (char.isalnum() or char == "_")]
        at = start + rng.choice(places) if places else at
    else:
        at = max(at, start + indent)
    for _ in range(rng.choices((0, 1, 2, 3), (70, 14, 9, 7))[0]):
        following = text.find("\n", end + 1)
        if following < 0:
            break
        end = following
    return min(at, end), end


def structure_span(text: str, at: int, rng: random.Random) -> "tuple[int, int] | None":
    """The inside of the next bracket pair, or the block that is indented under the line."""
    if rng.random() < 0.5:
        opens = min((p for p in (text.find(c, at, at + 400) for c in "({[") if p >= 0), default=-1)
        if opens < 0:
            return None
        pair, depth = {"(": ")", "{": "}", "[": "]"}[text[opens]], 0
        for i in range(opens, min(len(text), opens + 400)):
            depth += (text[i] == text[opens]) - (text[i] == pair)
            if depth == 0:
                return (opens + 1, i) if i > opens + 1 else None
        return None
    end = text.find("\n", at)
    if end < 0:
        return None
    line = text[text.rfind("\n", 0, at) + 1 : end]
    indent, stop = len(line) - len(line.lstrip()), end
    while stop - end < 500:
        following = text.find("\n", stop + 1)
        following = len(text) if following < 0 else following
        body = text[stop + 1 : following]
        if following <= stop or (body.strip() and len(body) - len(body.lstrip()) <= indent):
            break
        stop = following
    return (end, stop) if stop > end else None


def spell(stored: np.ndarray) -> "tuple[np.ndarray, np.ndarray]":
    """(ids, whether each is asked for) of a stored row."""
    return np.where(stored < 0, ~stored, stored), stored >= 0


def cut_places(text: str, rng: random.Random) -> "list[int]":
    """Where a cursor might stand inside a piece: often behind the blank that belongs to a word."""
    places, at = [], 0
    for piece in bpe.pieces(text):
        if len(piece) > 1 and rng.random() < P_CUT:
            places.append(at + (1 if piece[0] == " " and rng.random() < 0.4 else rng.randrange(1, len(piece))))
        at += len(piece)
    return places


class Rows:
    """Row i is a function of (seed, i) alone, so a run resumes anywhere and workers need no talk."""

    def __init__(self, files: Files, tok: bpe.Tokenizer, seed: int = 0):
        self.files, self.tok, self.seed = files, tok, seed
        s = tok.special
        self.eot, self.file, self.repo = s["<eot>"], s["<file>"], s["<repo>"]
        self.fim = s["<fim_prefix>"], s["<fim_suffix>"], s["<fim_middle>"]

    def row(self, index: int, n_tokens: int) -> "list[int]":
        rng = random.Random(f"{self.seed}:{index}:{n_tokens}")
        ids: "list[int]" = []
        while len(ids) < n_tokens:
            ids += self.context(rng, max(96, n_tokens - len(ids)))
        return ids[:n_tokens]

    def batch(self, first: int, n_rows: int, n_tokens: int) -> np.ndarray:  # [nRow, nTokens + 1] int64, as stored
        return np.array([self.row(first + i, n_tokens + 1) for i in range(n_rows)], dtype=np.int64)

    def context(self, rng: random.Random, room: int) -> "list[int]":
        item = self.files.draw(rng)
        repo, path, content = item
        ids: "list[int]" = []
        if room >= 256 and rng.random() < P_MANY_FILES:
            if rng.random() < 0.5:
                ids += [self.repo] + self.tok.encode(repo + "\n")
            others = self.files.neighbours(item, rng.choice((1, 1, 2, 3)), rng)
            for other in others:
                ids += self.header(other[1]) + self.stretch(other[2].decode(), rng, room // (2 * len(others)), P_start=0.6)
            ids += self.header(path)
        elif rng.random() >= P_NO_HEADER:
            if rng.random() < 0.1:
                ids += [self.repo] + self.tok.encode(repo + "\n")
            ids += self.header(path)
        left = room - len(ids)
        text = content.decode()
        cut = rng if rng.random() < P_CUT_CONTEXT else None
        if left >= 48 and rng.random() < P_FIM:
            return ids + self.hole(text, rng, left, cut)
        return ids + self.stretch(text, rng, left, P_start=0.4, cut=cut)

    def header(self, path: str) -> "list[int]":
        return [self.file] + self.tok.encode(path + "\n")

    def encode(self, text: str, cut: "random.Random | None") -> "list[int]":
        """Ids of the text; with cuts, each stretch between two of them is tokenised on its own, as at a hole."""
        ids, start = [], 0
        for place in cut_places(text, cut) if cut else ():
            *whole, half = bpe.pieces(text[start:place])
            ids += self.tok.encode("".join(whole)) + [~i for i in self.tok.encode(half)]
            start = place
        return ids + self.tok.encode(text[start:])

    def stretch(self, text: str, rng: random.Random, budget: int, P_start: float, cut=None) -> "list[int]":
        """Up to budget tokens from the file's start or from a random line; `<eot>` only where the file ends."""
        start = 0
        if rng.random() >= P_start:
            start = text.rfind("\n", 0, rng.randrange(len(text))) + 1
        n_chars = int(budget * 6)
        ids = self.encode(text[start : start + n_chars], cut)[: max(0, budget)]
        is_whole = len(ids) < budget and start + n_chars >= len(text)
        return ids + [self.eot] if is_whole else ids

    def hole(self, text: str, rng: random.Random, budget: int, cut=None) -> "list[int]":
        for _ in range(4):
            start, end = middle_span(text, rng)
            middle = self.tok.encode(text[start:end]) if end - start < 600 else [0] * 600
            if len(middle) <= min(MAX_MIDDLE, budget // 3):
                break
        else:
            return self.stretch(text, rng, budget, P_start=0.4, cut=cut)
        left = budget - len(middle) - 4  # three sentinels and <eot>
        # The product gives the suffix at most a quarter of the prompt; sometimes it has none, or a long one.
        kind = rng.random()
        share = 0.0 if kind < 0.08 else rng.uniform(0.02, 0.25) if kind < 0.85 else rng.uniform(0.25, 0.5)
        n_suffix = int(left * share)
        suffix = self.tok.encode(text[end : end + 6 * n_suffix])[:n_suffix]
        prefix = self.tail(text[:start], left - len(suffix), cut)
        begin, mid, final = self.fim
        if rng.random() < P_SPM:
            return [begin, mid, *suffix, final, *prefix, *middle, self.eot]
        return [begin, *prefix, mid, *suffix, final, *middle, self.eot]

    def tail(self, text: str, budget: int, cut=None) -> "list[int]":
        """The last whole lines of the text that fit into budget tokens."""
        n_chars = int(budget * CHARS_PER_TOKEN * 1.15)
        while True:
            start = 0
            if n_chars < len(text):
                start = text.find("\n", len(text) - n_chars) + 1
                if start == 0:
                    start = max(0, len(text) - n_chars)  # one long line: cut inside it
            ids = self.encode(text[start:], cut)
            if len(ids) <= budget:
                return ids
            if n_chars < 8:
                return ids[len(ids) - budget :] if budget > 0 else []
            n_chars = int(n_chars * max(0.5, 0.95 * budget / len(ids)))


def often(rows: Rows, n_rows: int = 300) -> np.ndarray:
    """All ids, the most frequent first, counted on rows that training does not reach."""
    counts = np.zeros(rows.tok.n_vocab, dtype=np.int64)
    for i in range(n_rows):
        np.add.at(counts, spell(np.array(rows.row(10_000_000 + i, 513)))[0], 1)
    return np.argsort(-counts, kind="stable")

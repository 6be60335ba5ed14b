"""The byte-level BPE tokenizer: trained here, exported as a Hugging Face tokenizer.json, encoded in plain Python.

    python -m stetlm.tokenizer train --data DIR --out DIR/tokenizer
    python -m stetlm.tokenizer stats --data DIR --tokenizer DIR/tokenizer

The pre-token rule is written with explicit ASCII ranges only (no \\s, no \\p), because Python, JavaScript and
Rust disagree about what a Unicode space or letter is; so the same ids come out of all three.
A newline run with the blanks before it starts a new pre-token whatever precedes it, so that a text can be
tokenised line by line. `encode` never reads special tokens out of a text: callers place their ids.
"""
import argparse
import collections
import heapq
import json
import os
import re
import time

from . import corpus

N_VOCAB = 16_384
N_SPECIAL = 32
SPECIALS = [
    "<eot>", "<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<fim_pad>", "<repo>", "<file>", "<path>", "<lang>",
    "<edit_before>", "<edit_after>", "<cursor>", "<diff>",
]
SPECIALS += [f"<spare_{i}>" for i in range(N_SPECIAL - len(SPECIALS))]

PATTERN = "|".join((
    # Line breaks with the blanks before them and the indent after: newline + indent is one piece. Blanks that a line
    # break follows belong to that one (the lookahead), so that a piece always starts where such a run starts.
    r"[ \t]*(?:\r?\n)+(?:[ \t]+(?![ \t\r\n]))?",
    # A word (letters, _, anything beyond ASCII), joined by one blank or punctuation mark before it.
    r"[^\r\n0-9A-Z_a-z]?[^\x00-\x40\x5b-\x5e\x60\x7b-\x7f]+",
    r"[0-9]{1,3}",
    r" ?[\x00-\x08\x0b\x0c\x0e-\x1f\x21-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]+",  # punctuation (and control) run
    r"[ \t]+(?=[ \t])",  # blanks inside a line, all but the last, which joins what follows
    r"[ \t]+",
    r"\r",
))
_SPLIT = re.compile(PATTERN)


def pieces(text: str) -> "list[str]":
    return _SPLIT.findall(text)


def _byte_alphabet() -> "list[str]":
    """GPT-2's printable stand-in for each byte, as tokenizer.json spells tokens."""
    keep = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table, n_moved = [""] * 256, 0
    for byte in keep:
        table[byte] = chr(byte)
    for byte in range(256):
        if not table[byte]:
            table[byte], n_moved = chr(256 + n_moved), n_moved + 1
    return table


_ALPHABET = _byte_alphabet()
_BYTE_OF = {char: byte for byte, char in enumerate(_ALPHABET)}


def train_merges(counts: "collections.Counter[bytes]", n_merges: int) -> "list[tuple[int, int]]":
    """Greedy byte pair merges over counted pieces; ties go to the pair with the smaller ids, so it is repeatable."""
    words, weights = [list(word) for word in counts], list(counts.values())
    pair_count, where = collections.Counter(), collections.defaultdict(set)
    for i, word in enumerate(words):
        for pair in zip(word, word[1:]):
            pair_count[pair] += weights[i]
            where[pair].add(i)
    heap = [(-count, pair) for pair, count in pair_count.items() if count > 1]
    heapq.heapify(heap)
    merges = []
    while len(merges) < n_merges and heap:
        negative, pair = heapq.heappop(heap)
        now = pair_count.get(pair, 0)
        if now != -negative:  # an entry from before other merges changed its count
            if now > 1:
                heapq.heappush(heap, (-now, pair))
            continue
        new_id, touched = 256 + len(merges), set()
        merges.append(pair)
        for i in where.pop(pair, ()):
            old, weight = words[i], weights[i]
            merged = apply_merge(old, pair, new_id)
            if len(merged) == len(old):
                continue
            for before in zip(old, old[1:]):
                pair_count[before] -= weight
                touched.add(before)
            for after in zip(merged, merged[1:]):
                pair_count[after] += weight
                where[after].add(i)
                touched.add(after)
            words[i] = merged
        pair_count.pop(pair, None)
        for changed in touched:
            if pair_count.get(changed, 0) > 1:
                heapq.heappush(heap, (-pair_count[changed], changed))
    return merges


def apply_merge(word: "list[int]", pair: "tuple[int, int]", new_id: int) -> "list[int]":
    out, i = [], 0
    while i < len(word):
        if i + 1 < len(word) and word[i] == pair[0] and word[i + 1] == pair[1]:
            out.append(new_id)
            i += 2
        else:
            out.append(word[i])
            i += 1
    return out


class Tokenizer:
    """Text to ids and back; ids are [0, 256) bytes, then merges, then the specials at the very end."""

    def __init__(self, merges: "list[tuple[int, int]]"):
        self.merges = merges
        self.n_vocab = 256 + len(merges) + N_SPECIAL
        self.special = {name: 256 + len(merges) + i for i, name in enumerate(SPECIALS)}
        self.bytes_of = [bytes([i]) for i in range(256)]  # bytes of every ordinary token
        for left, right in merges:
            self.bytes_of.append(self.bytes_of[left] + self.bytes_of[right])
        self._rank = {pair: i for i, pair in enumerate(merges)}
        self._cache: "dict[str, list[int]]" = {}

    def _encode_piece(self, piece: str) -> "list[int]":
        ids, rank = list(piece.encode("utf-8")), self._rank
        while len(ids) > 1:
            best = min(range(len(ids) - 1), key=lambda i: rank.get((ids[i], ids[i + 1]), 1 << 30))
            merge = rank.get((ids[best], ids[best + 1]))
            if merge is None:
                break
            ids[best : best + 2] = [256 + merge]
        return ids

    def encode(self, text: str) -> "list[int]":
        out, cache = [], self._cache
        for piece in _SPLIT.findall(text):
            ids = cache.get(piece)
            if ids is None:
                ids = self._encode_piece(piece)
                if len(cache) < 400_000:  # bounds the memory of a long run to about 100 MB
                    cache[piece] = ids
            out += ids
        return out

    def decode_bytes(self, ids) -> bytes:
        """The bytes of the ids; specials have none."""
        return b"".join(self.bytes_of[i] for i in ids if i < len(self.bytes_of))

    def decode(self, ids) -> str:
        return self.decode_bytes(ids).decode("utf-8", "replace")

    def save(self, folder: str) -> None:
        os.makedirs(folder, exist_ok=True)
        spell = ["".join(_ALPHABET[b] for b in token) for token in self.bytes_of]
        vocab = {token: i for i, token in enumerate(spell)}
        assert len(vocab) == len(spell), "two merges spell the same token"
        vocab.update(self.special)
        added = [
            {"id": i, "content": name, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
            for name, i in self.special.items()
        ]
        document = {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated", "invert": False},
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
            ]},
            "post_processor": None,
            "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
            "model": {
                "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                "vocab": vocab, "merges": [[spell[a], spell[b]] for a, b in self.merges],
            },
        }
        config = {
            "tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False,
            "model_max_length": 2048, "bos_token": "<eot>", "eos_token": "<eot>", "pad_token": "<fim_pad>",
        }
        for name, value in (("tokenizer.json", document), ("tokenizer_config.json", config)):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                json.dump(value, file, ensure_ascii=False, indent=None if name == "tokenizer.json" else 2)
                file.write("\n")


def load(folder: str) -> Tokenizer:
    with open(os.path.join(folder, "tokenizer.json"), encoding="utf-8") as file:
        model = json.load(file)["model"]
    vocab = model["vocab"]
    tokenizer = Tokenizer([(vocab[left], vocab[right]) for left, right in model["merges"]])
    for i, token in enumerate(tokenizer.bytes_of):
        assert vocab["".join(_ALPHABET[b] for b in token)] == i, "ids are not in the order this encoder assumes"
    return tokenizer


# Bytes of text per language that the merges are counted on; about the shares the model is trained on.
SAMPLE_BYTES = {"ts": 12_000_000, "tsx": 4_000_000, "js": 5_000_000, "py": 16_000_000, "go": 1_000_000, "rs": 1_000_000}


def train(data_dir: str, out: str) -> None:
    start, counts = time.time(), collections.Counter()
    for lang, budget in SAMPLE_BYTES.items():
        items = corpus.records(data_dir, "train", lang)
        total = sum(len(content) for _, _, content in items)
        step = max(1, total // budget)  # every step-th file: a sample over all repositories
        for _, path, content in items[::step]:
            counts.update(pieces(content.decode("utf-8")))
            counts.update(pieces(path + "\n"))
    n_bytes = sum(len(piece.encode()) * n for piece, n in counts.items())
    print(f"{len(counts)} pieces, {n_bytes / 1e6:.1f} MB, {time.time() - start:.0f} s", flush=True)
    # A piece seen once teaches nothing that others do not, and they are most of the work.
    merges = train_merges(collections.Counter({p.encode(): n for p, n in counts.items() if n > 1}), N_VOCAB - N_SPECIAL - 256)
    Tokenizer(merges).save(out)
    print(f"{len(merges)} merges, {time.time() - start:.0f} s")


def stats(data_dir: str, folder: str) -> None:
    tokenizer = load(folder)
    for side in ("train", "hold"):
        for lang in SAMPLE_BYTES:
            items = corpus.records(data_dir, side, lang)
            text = [content.decode("utf-8") for _, _, content in items[:: max(1, len(items) // 150)]]
            n_tokens = sum(len(tokenizer.encode(t)) for t in text)
            if n_tokens:
                print(f"{side:5} {lang:4} {sum(len(t.encode()) for t in text) / n_tokens:.2f} bytes per token")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=["train", "stats"])
    parser.add_argument("--data", default=os.environ.get("STET_DATA", "training/data"))
    parser.add_argument("--out", default="training/data/tokenizer")
    parser.add_argument("--tokenizer")
    args = parser.parse_args()
    if args.command == "train":
        train(args.data, args.out)
    else:
        stats(args.data, args.tokenizer or args.out)


if __name__ == "__main__":
    main()

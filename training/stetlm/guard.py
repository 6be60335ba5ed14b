"""The memorisation guard: fingerprints of the training corpus, so that the product can withhold what repeats it.

    python -m stetlm.guard --data DIR --out model/memory-guard.bin            (DIR as stetlm.corpus built it)
    python -m stetlm.guard --data DIR --out model/memory-guard.bin --check    (no building: how much of held-out code it flags)

A suggestion that repeats RUN_TOKENS tokens or more of the corpus is not shown. To know that without the corpus,
fingerprints are chosen by winnowing (Schleimer, Wilkerson, Aiken 2003, "Winnowing: local algorithms for document
fingerprinting", section 3, https://theory.stanford.edu/~aiken/publications/papers/sigmod03.pdf): hash each GRAM_TOKENS
consecutive token ids, and of each WINDOW consecutive hashes keep the least, the rightmost of equals. What a window
keeps depends on that window alone, so a copied run keeps in the copy what it kept in the corpus. Deviations: hashes
are of token ids, not characters, since that is what the model repeats; the kept hashes go into a Bloom filter instead
of an index, since nobody has to be told where a run came from; and one common fingerprint is not enough, all that
the run's windows keep must be known. 2 * WINDOW <= RUN_TOKENS - GRAM_TOKENS + 1, so that two of its windows share no
hash and there are always two fingerprints or more.

Out of scope, on purpose: a copy that is indented otherwise or has names changed has other tokens and is not seen.
The same bytes come out of the same corpus, in whatever order its files lie. server/src/engine/completion/
memory-guard.ts is the reader; test/fixtures/memory-guard.bin holds what both sides are tested on.
"""
import argparse
import glob
import hashlib
import os
import struct
import time

import numpy as np

from . import corpus, tokenizer as bpe

RUN_TOKENS = 60  # a run this long is withheld; asked for by the product
# Measured on held-out code at 6 MB, windows of 60 / 100 tokens wrongly withheld: 25 and 18 0.05 % / 0.4 %, 20 and 16
# 0.02 % / 0.15 %. Longer grams are rarer in innocent code, but then a run has fewer of them to look up.
GRAM_TOKENS = 20  # range 10-31
WINDOW = 16  # one fingerprint in (WINDOW + 1) / 2 tokens
# A run of fewer different tokens (tables of zeros, rulers, closing brackets) is nobody's text; prose and code have 25-45.
MIN_DISTINCT = 15
MIN_KEYS = 2
BITS_PER_KEY = 7.1  # 3.3 % of unknown fingerprints pass for known; two or more have to, mostly four
N_PROBES = 5  # bits per key; BITS_PER_KEY * ln 2 is the best

MAGIC, VERSION = b"STETGRD\0", 1
HEADER = "<8s9I32s"  # magic, version, the parameters, SHA-256 of tokenizer.json
CHUNK_TOKENS = 2_000_000  # bounds the memory to some 100 MB; changes nothing


def mixed(x: np.ndarray) -> np.ndarray:
    """MurmurHash3's finaliser: every bit of the result depends on every bit of x. uint32 in and out."""
    x = x ^ (x >> np.uint32(16))
    x = x * np.uint32(0x85EBCA6B)
    x = x ^ (x >> np.uint32(13))
    x = x * np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))


def gram_hashes(ids: np.ndarray, gram: int) -> np.ndarray:  # [n] -> [n - gram + 1] uint32
    """Polynomial over mixed ids, modulo 2^32, mixed again."""
    spread = mixed(ids.astype(np.uint32) + np.uint32(0x9E3779B9))
    n = len(ids) - gram + 1
    total = np.zeros(n, dtype=np.uint32)
    for i in range(gram):
        total = total * np.uint32(0x01000193) + spread[i : i + n]
    return mixed(total)


def window_minima(hashes: np.ndarray, window: int) -> np.ndarray:  # [n] -> [n - window + 1] positions, int64
    """Of each window of hashes where the least one stands, the rightmost of equals."""
    n = len(hashes)
    low = np.uint64(0xFFFFFFFF)
    # Hash above, distance from the end below: the least key is the least hash, of equals the rightmost.
    keys = (hashes.astype(np.uint64) << np.uint64(32)) | (low - np.arange(n, dtype=np.uint64))
    span = 1  # keys[i] is the least of span keys from i on
    while 2 * span <= window:
        keys = np.minimum(keys[:-span], keys[span:])
        span *= 2
    if span < window:
        keys = np.minimum(keys[: len(keys) - (window - span)], keys[window - span :])
    return (low - (keys & low)).astype(np.int64)


def fingerprints(ids: np.ndarray, lengths: np.ndarray, gram: int = GRAM_TOKENS, window: int = WINDOW) -> np.ndarray:
    """The distinct fingerprints, uint32 ascending, of texts that lie one after the other in ids."""
    reach = gram + window - 1  # tokens that one window looks at
    if len(ids) < reach:
        return np.empty(0, dtype=np.uint32)
    hashes = gram_hashes(ids, gram)
    at = window_minima(hashes, window)
    # Windows that look across the end of a text count for none.
    ends = np.repeat(np.cumsum(lengths), lengths)[: len(at)]
    at = at[np.arange(len(at)) + reach <= ends]
    return np.unique(hashes[at])


def probes(keys: np.ndarray, n_bits: int, n_probes: int):
    """The bits of each key, one array per probe (double hashing: Kirsch, Mitzenmacher 2008)."""
    first, step = mixed(keys ^ np.uint32(0x243F6A88)), mixed(keys ^ np.uint32(0x85A308D3)) | np.uint32(1)
    for i in range(n_probes):
        yield (first + np.uint32(i) * step) % np.uint32(n_bits)


def bloom(keys: np.ndarray, n_bits: int, n_probes: int) -> bytes:
    """n_bits bits, a multiple of 8; bit i is bit i % 8 of byte i // 8."""
    bits = np.zeros(n_bits, dtype=bool)
    for at in probes(keys, n_bits, n_probes):
        bits[at] = True
    return np.packbits(bits, bitorder="little").tobytes()


def texts(data_dir: str, side: str, tokenizer: bpe.Tokenizer):
    """The token ids of every file of every language."""
    for path in sorted(glob.glob(os.path.join(data_dir, side, "*.bin"))):
        start, n, lang = time.time(), 0, os.path.basename(path)[:-4]
        for _, _, content in corpus.records(data_dir, side, lang):
            ids = np.array(tokenizer.encode(content.decode("utf-8")), dtype=np.uint16)
            n += len(ids)
            yield ids
        print(f"{side:5} {lang:4} {n / 1e6:6.2f} M tokens, {time.time() - start:.0f} s", flush=True)


def all_fingerprints(lists, gram: int = GRAM_TOKENS, window: int = WINDOW) -> "tuple[np.ndarray, int]":
    """The distinct fingerprints of token lists, ascending, and how many tokens those have."""
    found, waiting, n_waiting, n_all = [], [], 0, 0

    def flush():
        lengths = np.array([len(ids) for ids in waiting], dtype=np.int64)
        found.append(fingerprints(np.concatenate([np.asarray(ids, dtype=np.uint32) for ids in waiting]), lengths, gram, window))
        waiting.clear()

    for ids in lists:
        if len(ids) < gram + window - 1:
            continue
        waiting.append(np.asarray(ids, dtype=np.uint32))
        n_waiting += len(ids)
        n_all += len(ids)
        if n_waiting >= CHUNK_TOKENS:
            flush()
            n_waiting = 0
    if waiting:
        flush()
    return (np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.uint32)), n_all


def pack(keys: np.ndarray, tokenizer_sha256: bytes, bits_per_key: float = BITS_PER_KEY) -> bytes:
    """The file: header, bits, and the SHA-256 of both. docs/model-format.md describes it."""
    assert 2 * WINDOW <= RUN_TOKENS - GRAM_TOKENS + 1, "a run might hold a single fingerprint"
    n_bits = max(64, int(len(keys) * bits_per_key) // 8 * 8)
    header = struct.pack(
        HEADER, MAGIC, VERSION, RUN_TOKENS, GRAM_TOKENS, WINDOW, MIN_DISTINCT, MIN_KEYS, N_PROBES, n_bits, len(keys), tokenizer_sha256
    )
    content = header + bloom(keys, n_bits, N_PROBES)
    return content + hashlib.sha256(content).digest()


class Guard:
    """A guard file, read as the product reads it; for tests and figures."""

    def __init__(self, data: bytes):
        fields = struct.unpack_from(HEADER, data)
        assert fields[:2] == (MAGIC, VERSION), "not a guard of this version"
        assert hashlib.sha256(data[:-32]).digest() == data[-32:], "the guard is damaged"
        self.run, self.gram, self.window, self.min_distinct, self.min_keys, self.n_probes, self.n_bits, self.n_keys = fields[2:10]
        self.tokenizer_sha256 = fields[10]
        raw = np.frombuffer(data, dtype=np.uint8, offset=struct.calcsize(HEADER), count=self.n_bits // 8)
        self.bits = np.unpackbits(raw, bitorder="little").astype(bool)

    def knows(self, keys: np.ndarray) -> np.ndarray:
        known = np.ones(len(keys), dtype=bool)
        for at in probes(keys, self.n_bits, self.n_probes):
            known &= self.bits[at]
        return known

    def copied_runs(self, ids: np.ndarray) -> np.ndarray:  # [n] -> [n - run + 1] bool: is the run from here on a copy?
        if len(ids) < self.run:
            return np.zeros(0, dtype=bool)
        hashes = gram_hashes(ids, self.gram)
        at = window_minima(hashes, self.window)
        n_windows = self.run - self.gram - self.window + 2  # of one run
        n_unknown = np.concatenate([[0], np.cumsum(~self.knows(hashes[at]))])
        copied = n_unknown[n_windows:] == n_unknown[:-n_windows]
        for i in np.flatnonzero(copied):
            n_keys = len(set(hashes[at[i : i + n_windows]].tolist()))
            copied[i] = n_keys >= self.min_keys and len(set(ids[i : i + self.run].tolist())) >= self.min_distinct
        return copied

    def repeats_corpus(self, ids: np.ndarray) -> bool:
        return bool(self.copied_runs(ids).any())


def tokenizer_folder(data_dir: str, given: "str | None") -> str:
    return given or os.path.join(data_dir, "tokenizer")


def file_sha256(path: str) -> bytes:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).digest()


def build(data_dir: str, out: str, tokenizer: "str | None" = None) -> None:
    start, folder = time.time(), tokenizer_folder(data_dir, tokenizer)
    keys, n_tokens = all_fingerprints(texts(data_dir, "train", bpe.load(folder)))
    assert len(keys), f"no corpus under {data_dir}/train: build it first (python -m stetlm.corpus build …)"
    data = pack(keys, file_sha256(os.path.join(folder, "tokenizer.json")))
    temporary = out + ".part"
    with open(temporary, "wb") as file:
        file.write(data)
    os.replace(temporary, out)
    guard = Guard(data)
    share = guard.bits.mean()
    print(
        f"{n_tokens / 1e6:.1f} M tokens, {len(keys)} fingerprints, {len(data) / 1e6:.2f} MB, {100 * share:.1f} % of bits set, "
        f"an unknown fingerprint passes with {100 * share ** guard.n_probes:.2f} %, {time.time() - start:.0f} s"
    )


def check(data_dir: str, out: str, tokenizer: "str | None" = None) -> None:
    """Shares of held-out windows that are flagged: wrongly, but for the few lines that both sides really have."""
    with open(out, "rb") as file:
        guard = Guard(file.read())
    counts = {length: [0, 0] for length in (60, 80, 100)}
    for ids in texts(data_dir, "hold", bpe.load(tokenizer_folder(data_dir, tokenizer))):
        copied = guard.copied_runs(ids)
        for length, count in counts.items():
            for start in range(0, len(ids) - length + 1, 20):
                count[0] += 1
                count[1] += bool(copied[start : start + length - guard.run + 1].any())
    for length, (n, n_flagged) in counts.items():
        print(f"{length} tokens: {n_flagged} of {n} held-out windows flagged, {100 * n_flagged / max(1, n):.3f} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=os.environ.get("STET_DATA", "training/data"))
    parser.add_argument("--tokenizer", help="folder of tokenizer.json; DATA/tokenizer when absent")
    parser.add_argument("--out", default="model/memory-guard.bin")
    parser.add_argument("--check", action="store_true", help="measure OUT on the held-out side instead of building it")
    args = parser.parse_args()
    (check if args.check else build)(args.data, args.out, args.tokenizer)


if __name__ == "__main__":
    main()

"""The memorisation guard: every copied run is found, the file is the same each time, and the product's twin agrees.

test/fixtures/memory-guard.bin is what `golden()` makes; memory-guard.test.ts reads it. To write it again:
    cd training && PYTHONPATH=. python3 tests/test_guard.py write
"""
import hashlib
import os
import random
import struct
import sys
import tempfile
import unittest

import numpy as np

from stetlm import guard, tokenizer as bpe

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURE = os.path.join(HERE, "..", "..", "test", "fixtures", "memory-guard.bin")


def numbers(seed, n):
    """n token ids of a linear congruential generator; memory-guard.test.ts has the same."""
    out = []
    for _ in range(n):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        out.append((seed >> 16) % 700)
    return np.array(out, dtype=np.uint16)


CORPUS = [numbers(1, 700), numbers(2, 35), numbers(3, 900), np.full(300, 7, dtype=np.uint16)]


def golden():
    keys, _ = guard.all_fingerprints(CORPUS)
    return guard.pack(keys, hashlib.sha256(b"{}").digest())


def slow_fingerprints(ids, gram, window):
    """By the book: each window's least hash, the rightmost of equals."""
    hashes = [int(guard.gram_hashes(ids[i : i + gram], gram)[0]) for i in range(len(ids) - gram + 1)]
    windows = [hashes[i : i + window] for i in range(len(hashes) - window + 1)]
    return [i + max(range(window), key=lambda j: (-w[j], j)) for i, w in enumerate(windows)], sorted({min(w) for w in windows})


class GuardTest(unittest.TestCase):
    def test_winnowing_by_the_book(self):
        rng = random.Random(1)
        for _ in range(30):
            gram, window = rng.randint(1, 8), rng.randint(1, 12)
            ids = np.array([rng.randrange(6) for _ in range(rng.randint(gram + window, 90))])
            places, keys = slow_fingerprints(ids, gram, window)
            self.assertEqual(guard.window_minima(guard.gram_hashes(ids, gram), window).tolist(), places)
            self.assertEqual(guard.fingerprints(ids, np.array([len(ids)]), gram, window).tolist(), keys)

    def test_texts_side_by_side_are_not_one_text(self):
        together = guard.fingerprints(np.concatenate(CORPUS), np.array([len(ids) for ids in CORPUS]))
        apart = np.unique(np.concatenate([guard.fingerprints(ids, np.array([len(ids)])) for ids in CORPUS if len(ids) > 34]))
        self.assertEqual(together.tolist(), apart.tolist())

    def test_neither_order_nor_portions_change_the_file(self):
        portion, whole = guard.CHUNK_TOKENS, golden()
        try:
            guard.CHUNK_TOKENS = 100
            self.assertEqual(golden(), whole)
        finally:
            guard.CHUNK_TOKENS = portion
        keys, n_tokens = guard.all_fingerprints(reversed(CORPUS))
        self.assertEqual(guard.pack(keys, hashlib.sha256(b"{}").digest()), whole)
        self.assertEqual(n_tokens, 700 + 35 + 900 + 300)

    def test_every_copied_run_is_found(self):
        held, rng = guard.Guard(golden()), random.Random(2)
        for text in (CORPUS[0], CORPUS[2]):
            for start in range(0, len(text) - 60):
                copy = text[start : start + 60]
                self.assertTrue(held.repeats_corpus(copy))
                around = [numbers(rng.randrange(1 << 30), rng.randrange(40)) for _ in range(2)]
                self.assertTrue(held.repeats_corpus(np.concatenate([around[0], copy, around[1]])))

    def test_shorter_and_other_texts_pass(self):
        held = guard.Guard(golden())
        self.assertFalse(held.repeats_corpus(CORPUS[0][:59]))
        self.assertFalse(any(held.repeats_corpus(np.concatenate([CORPUS[0][i : i + 40], numbers(i, 40)])) for i in range(0, 600, 20)))
        self.assertFalse(any(held.repeats_corpus(numbers(1000 + i, 100)) for i in range(300)))

    def test_one_repeated_token_is_nobodys_text(self):
        self.assertFalse(guard.Guard(golden()).repeats_corpus(CORPUS[3][:100]))

    def test_damage_is_seen(self):
        data = bytearray(golden())
        data[100] ^= 1
        with self.assertRaises(AssertionError):
            guard.Guard(bytes(data))

    def test_the_product_reads_this_very_file(self):
        with open(FIXTURE, "rb") as file:
            self.assertEqual(file.read(), golden())

    def test_builds_from_a_corpus_folder(self):
        text = "".join(f"def f{i}(value):\n    return value * {i} + other[{i}]\n" for i in range(60))
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "train"))
            with open(os.path.join(folder, "train", "py.bin"), "wb") as file:
                file.write(b"\0a/b\1f.py\2" + text.encode())
            tokenizer = bpe.Tokenizer([])
            tokenizer.save(os.path.join(folder, "tokenizer"))
            out = os.path.join(folder, "guard.bin")
            guard.build(folder, out)
            with open(out, "rb") as file:
                data = file.read()
            held = guard.Guard(data)
            self.assertEqual(held.tokenizer_sha256, guard.file_sha256(os.path.join(folder, "tokenizer", "tokenizer.json")))
            self.assertEqual(struct.unpack_from("<8sII", data)[1:], (guard.VERSION, 60))
            self.assertTrue(held.repeats_corpus(np.array(tokenizer.encode(text[500:700]))))
            self.assertFalse(held.repeats_corpus(np.array(tokenizer.encode("Nobody ever wrote such a sentence into that file, did they? No; quite so."))))


if __name__ == "__main__":
    if sys.argv[1:] == ["write"]:
        with open(FIXTURE, "wb") as out_file:
            out_file.write(golden())
    else:
        unittest.main()

"""A 5-gram with Witten-Bell interpolation over the same tokens: the baseline that a network has to beat.

Counts are sorted arrays of 64-bit context hashes, so ten million tokens fit into a few hundred MB of numpy.
Witten & Bell 1991: p_n(w|h) = (c(hw) + t(h) p_{n-1}(w|h')) / (c(h) + t(h)), t(h) the kinds of words seen after h.
"""
import os
import random

import numpy as np

from . import data

ORDER = 5
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def _mix(hashes, ids):
    with np.errstate(over="ignore"):
        mixed = (hashes ^ (ids + np.uint64(1))) * _MULTIPLIER
        return mixed ^ (mixed >> np.uint64(29))


class NGram:
    def __init__(self, ids: np.ndarray, n_vocab: int):
        """ids [nToken] of the training text, documents divided by `<eot>`."""
        self.n_vocab, ids = n_vocab, ids.astype(np.uint64)
        self.unigram = (np.bincount(ids.astype(np.int64), minlength=n_vocab) + 0.5) / (len(ids) + 0.5 * n_vocab)
        self.tables = {}
        for order in range(2, ORDER + 1):
            n = len(ids) - order + 1
            context = np.full(n, order, dtype=np.uint64)
            for i in range(order - 1):
                context = _mix(context, ids[i : i + n])
            word = ids[order - 1 :]
            full, first, count = np.unique(_mix(context, word), return_index=True, return_counts=True)
            of, after = context[first], word[first]
            by = np.lexsort((-count, of))  # contexts together, their most frequent continuation first
            sorted_of = of[by]
            starts = np.flatnonzero(np.r_[True, sorted_of[1:] != sorted_of[:-1]])
            total = np.add.reduceat(count[by], starts)
            kinds = np.diff(np.r_[starts, len(by)])
            self.tables[order] = (full, count.astype(np.int32), sorted_of[starts], total, kinds, after[by][starts])

    def bits(self, ids: "list[int]", n_header: int) -> float:
        """Bits of ids[n_header:] given all that is before."""
        array = np.array(ids, dtype=np.uint64)
        p = self.unigram[np.array(ids)]
        for order in range(2, ORDER + 1):
            full, count, contexts, total, kinds, _ = self.tables[order]
            n = len(array) - order + 1
            if n <= 0:
                break
            context = np.full(n, order, dtype=np.uint64)
            for i in range(order - 1):
                context = _mix(context, array[i : i + n])
            whole = _mix(context, array[order - 1 :])
            at = np.minimum(np.searchsorted(contexts, context), len(contexts) - 1)
            known = contexts[at] == context
            hit = np.minimum(np.searchsorted(full, whole), len(full) - 1)
            c = np.where(full[hit] == whole, count[hit], 0)
            lower = p[order - 1 :]
            p = p.copy()
            p[order - 1 :] = np.where(known, (c + kinds[at] * lower) / (total[at] + kinds[at]), lower)
        return float(-np.log2(p[n_header:]).sum())

    def greedy(self, ids: "list[int]", n_tokens: int) -> "list[int]":
        """The likeliest continuation of the longest context that was seen, token by token."""
        ids, out = [np.uint64(i) for i in ids], []
        for _ in range(n_tokens):
            token = None
            for order in range(min(ORDER, len(ids) + 1), 1, -1):
                context = np.array([order], dtype=np.uint64)
                for i in ids[len(ids) - order + 1 :]:
                    context = _mix(context, i)
                contexts, top = self.tables[order][2], self.tables[order][5]
                at = min(int(np.searchsorted(contexts, context[0])), len(contexts) - 1)
                if contexts[at] == context[0]:
                    token = top[at]
                    break
            if token is None or int(token) >= self.n_vocab - 32:
                break
            out.append(int(token))
            ids.append(np.uint64(token))
        return out


def count(data_dir: str, tok, n_tokens: int) -> NGram:
    """Counts over randomly drawn whole files of train, in the shares the model is trained on."""
    files, rng, ids, seen = data.Files(data_dir), random.Random(2), [], set()
    n_have = 0
    while n_have < n_tokens:
        item = files.draw(rng)
        if (item[0], item[1]) in seen:
            continue
        seen.add((item[0], item[1]))
        piece = [tok.special["<file>"], *tok.encode(item[1] + "\n"), *tok.encode(item[2].decode()), tok.special["<eot>"]]
        ids.append(np.array(piece, dtype=np.uint16))
        n_have += len(piece)
    return NGram(np.concatenate(ids), tok.n_vocab)


def cached(data_dir: str, tok, n_tokens: int) -> NGram:
    path = os.path.join(data_dir, f"ngram-{n_tokens}.npz")
    if os.path.exists(path):
        saved = np.load(path)
        made = NGram.__new__(NGram)
        made.n_vocab, made.unigram = tok.n_vocab, saved["unigram"]
        made.tables = {order: tuple(saved[f"{order}.{i}"] for i in range(6)) for order in range(2, ORDER + 1)}
        return made
    made = count(data_dir, tok, n_tokens)
    arrays = {f"{order}.{i}": array for order, table in made.tables.items() for i, array in enumerate(table)}
    np.savez(path, unigram=made.unigram, **arrays)
    return made

"""Edit-stale rows: keys and values computed as if a span before them had been different.

The product keeps the KV rows of unchanged text after an edit above it: it moves them (RoPE is turned to the new
position) but does not compute them again, although their content saw the old text. Training on the same situation
makes the model expect it. For a row `ids`, a span is replaced by another one (the text before the edit); the rows
after the span, up to a point `fresh`, are taken from that forward pass, and everything from `fresh` on is computed
on top of them. Loss counts before the span and from `fresh` on; the stale positions themselves predict nothing.

    python -m stetlm.stale --model model --data DIR      bits per byte after an edit: exact rows against stale rows
"""
import argparse
import json
import math
import os
import random

import torch

from . import corpus, export

MAX_SPAN = 24  # tokens on either side of the edit
MIN_FRESH = 24  # tokens at the end of a row that are computed on top of the stale ones


def plan(n_pos: int, rng: random.Random):
    """(start, n_old, n_new, fresh): ids[start : start + n_new] replaced n_old tokens; rows up to fresh are stale."""
    start = rng.randrange(2, n_pos // 2)
    n_new, n_old = rng.randint(0, MAX_SPAN), rng.randint(0, MAX_SPAN)
    fresh = rng.randrange(min(start + n_new + 8, n_pos - MIN_FRESH), n_pos - MIN_FRESH + 1)
    return start, n_old, n_new, fresh


def before_edit(ids, start: int, n_old: int, n_new: int, rng: random.Random):
    """The row as it was before the edit, as long as the row itself. ids [nPos] int64."""
    n_pos = ids.shape[0]
    at = rng.randrange(0, n_pos - MAX_SPAN)
    old = torch.cat((ids[:start], ids[at : at + n_old], ids[start + n_new :], ids[:n_old]))
    return old[:n_pos] if old.shape[0] >= n_pos else torch.cat((old, ids[: n_pos - old.shape[0]]))


@torch.no_grad()
def make(model, ids, rng: "random.Random | None" = None):
    """(stale argument of the model, loss weight [nBatch * nPos], plans) for ids [nBatch, nPos]."""
    rng = rng or random.Random(int(torch.randint(1 << 30, ()).item()))
    n_batch, n_pos = ids.shape
    plans = [plan(n_pos, rng) for _ in range(n_batch)]
    old = torch.stack([before_edit(row, *p[:3], rng) for row, p in zip(ids, plans)])
    place = torch.arange(n_pos, device=ids.device).repeat(n_batch, 1)
    mask = torch.zeros(n_batch, n_pos, dtype=torch.bool, device=ids.device)
    weight = torch.ones(n_batch, n_pos, device=ids.device)
    for i, (start, n_old, n_new, fresh) in enumerate(plans):
        shift = n_old - n_new
        stop = min(fresh, n_pos - max(0, shift))  # beyond it the old row has been cut off
        first = start + n_new
        if stop > first:
            mask[i, first:stop] = True
            place[i, first:stop] += shift
            weight[i, first : stop - 1] = 0  # position p predicts p + 1: the last stale row is asked for the first fresh token
    model.keep_rows(True)
    model(old)
    stale = []
    for keys, values in model.rows():
        index = place[:, :, None].expand(-1, -1, keys.shape[-1])
        stale.append((mask[:, :, None], keys.gather(1, index), values.gather(1, index)))
    model.keep_rows(False)
    return stale, weight.reshape(-1), plans


@torch.no_grad()
def measure(model, tok, items, n_pos: int, seed: int = 4) -> dict:
    """Bits per byte of the first 64 fresh tokens behind an edit: with exact rows, and with stale ones."""
    rng, bits = random.Random(seed), {"exact": 0.0, "stale": 0.0}
    n_bytes = n_rows = 0
    for _, path, content in items:
        ids = [tok.special["<file>"], *tok.encode(path + "\n"), *tok.encode(content.decode())][: n_pos + 1]
        if len(ids) < n_pos + 1:
            continue
        row = torch.tensor([ids])
        stale, _, plans = make(model, row[:, :-1], rng)
        fresh = plans[0][3]
        span = slice(fresh - 1, min(fresh + 63, n_pos))
        target = row[0, 1:][span]
        for kind, given in (("exact", None), ("stale", stale)):
            logits = model.logits(model(row[:, :-1], given)[0, span])
            nll = logits.logsumexp(-1) - logits.gather(1, target[:, None])[:, 0]
            # The first position is itself stale in one of the two: only what is computed freshly counts.
            bits[kind] += float(nll[1:].sum()) / math.log(2)
        n_bytes += len(tok.decode_bytes(target[1:].tolist()))
        n_rows += 1
    return {"rows": n_rows, "bytes": n_bytes, **{kind: round(value / max(1, n_bytes), 4) for kind, value in bits.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="model")
    parser.add_argument("--data", default=os.environ.get("STET_DATA", "training/data"))
    parser.add_argument("--rows", type=int, default=120, help="files per language")
    parser.add_argument("--context", type=int, default=512)
    args = parser.parse_args()
    model, tok = export.load_folder(args.model)
    for lang in ("ts", "py"):
        items = [item for item in corpus.records(args.data, "hold", lang) if len(item[2]) > 4 * args.context]
        items = random.Random(6).sample(items, min(args.rows, len(items)))
        print(lang, json.dumps(measure(model, tok, items, args.context)))


if __name__ == "__main__":
    main()

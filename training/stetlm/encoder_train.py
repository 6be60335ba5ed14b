"""Trains the search encoder: a table of token rows and weights, by telling each pair from the others of its batch.

    python -m stetlm.encoder_train --pairs DIR/encoder/pairs.jsonl --tokenizer model --out model/encoder

InfoNCE in both directions with in-batch negatives, at 256, 128 and 64 dimensions at once (Matryoshka). Batches are
made of groups from one repository and of one kind: in use, all candidates come from one repository, and telling a
function from its neighbours is the task; telling a web framework from a parser is not. There is no network to run, so
a batch of 1,024 pairs takes well under a second on one CPU thread.
"""
import argparse
import json
import os
import time
import zlib

import numpy as np
import torch

from . import encoder as enc, export, tokenizer as bpe

DIM = 256
# Times a pair of each kind is seen per epoch; documentation is the task, the others add vocabulary.
KIND_SHARE = {"doc": 1.0, "rest": 0.7, "kept": 0.4, "name": 0.5, "comment": 0.7}
DIM_LOSS = {256: 1.0, 128: 0.5, 64: 0.5}
START_SCALE = 20.0  # inverse temperature; learned


class Bags:
    """Sparse rows: for item i, entries start[i]:start[i+1] of (row, damped count, field)."""

    def __init__(self):
        self.start, self.row, self.count, self.field = [0], [], [], []

    def add(self, *fields: "dict[int, int]") -> None:
        for i, counts in enumerate(fields):
            self.row.append(np.fromiter(counts, np.int32, len(counts)))
            self.count.append(np.fromiter((enc.damped(n) for n in counts.values()), np.float32, len(counts)))
            self.field.append(np.full(len(counts), i, np.int8))
        self.start.append(self.start[-1] + sum(len(c) for c in fields))

    def freeze(self) -> "Bags":
        self.start = np.array(self.start)
        self.row, self.count, self.field = (np.concatenate(x) for x in (self.row, self.count, self.field))
        return self

    def batch(self, items):
        """(rows, counts, fields, offsets) as tensors, for embedding_bag."""
        index = np.concatenate([np.arange(self.start[i], self.start[i + 1]) for i in items])
        lengths = self.start[items + 1] - self.start[items]
        offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        return (torch.from_numpy(self.row[index]).long(), torch.from_numpy(self.count[index]),
                torch.from_numpy(self.field[index]).long(), torch.from_numpy(offsets))


class Pairs:
    """The pairs as bags, with rows given out to the tokens that occur in them."""

    def __init__(self, path: str, tokenizer: bpe.Tokenizer):
        every = enc.Rows(tokenizer, np.arange(tokenizer.n_vocab))
        self.queries, self.documents, kinds, repos, keys = Bags(), Bags(), [], [], []
        with open(path) as file:
            for line in file:
                pair = json.loads(line)
                query, code = every.counts(pair["query"]), every.counts(pair["code"])
                if len(query) < 2 or len(code) < 4:
                    continue
                self.queries.add(query)
                self.documents.add(every.counts(pair["name"]), every.counts(pair["path"]), code)
                kinds.append(pair["kind"])
                repos.append(pair["repo"])
                # The same function as `doc` and as `name` pair: not a negative of itself.
                own = pair["name"] or pair["query"]
                keys.append(zlib.crc32(f"{pair['repo']}\0{pair['path']}\0{own}".encode()))
        self.queries.freeze()
        self.documents.freeze()
        self.kind, self.repo, self.key = np.array(kinds), np.array(repos), np.array(keys, np.int64)
        self.text_key = np.array([hash(tuple(sorted(self.queries.row[a:b]))) for a, b in zip(self.queries.start, self.queries.start[1:])])
        self._give_out_rows(tokenizer.n_vocab)

    def _give_out_rows(self, n_vocab: int) -> None:
        seen = np.zeros(n_vocab, bool)
        seen[self.queries.row] = seen[self.documents.row] = True
        tokens = np.flatnonzero(seen)
        tokens = tokens[: len(tokens) // 2 * 2]  # an even number keeps every tensor of the file aligned
        self.tokens, self.row_of_token = tokens, np.full(n_vocab, enc.NO_ROW, np.uint16)
        self.row_of_token[tokens] = np.arange(len(tokens))
        dense = np.maximum(np.searchsorted(tokens, np.arange(n_vocab)), 0).clip(max=len(tokens) - 1).astype(np.int32)
        self.queries.row, self.documents.row = dense[self.queries.row], dense[self.documents.row]

    def idf(self):
        n = len(self.kind)
        df = np.bincount(self.documents.row, minlength=len(self.tokens)).clip(max=n)
        return np.log(1 + (n - df + 0.5) / (df + 0.5)).astype(np.float32)

    def epoch(self, rng, batch: int, group: int):
        """Batches (arrays of pair numbers) of batch // group groups, each of one repository and kind."""
        groups = []
        share = np.vectorize(KIND_SHARE.get)(self.kind)
        chosen = np.flatnonzero(rng.random(len(self.kind)) < share)
        order = rng.permutation(chosen)
        label = np.char.add(self.repo[order], self.kind[order])
        for value in np.unique(label):
            items = order[label == value]
            groups += [items[i : i + group] for i in range(0, len(items), group)]
        rng.shuffle(groups)
        flat, at = [], 0
        for items in groups:
            flat.append(items)
            at += len(items)
            if at >= batch:
                yield np.concatenate(flat)
                flat, at = [], 0


def start_table(args, pairs: Pairs):
    if args.init_from:
        table = export.read_safetensors(os.path.join(args.init_from, "model.safetensors"))["model.embed_tokens.weight"]
        table = table[torch.from_numpy(pairs.tokens)]
        table = table - table.mean(0)
        if table.shape[1] != DIM:  # a wider model: its first principal directions
            table = table @ torch.linalg.svd(table, full_matrices=False)[2][:DIM].T
        return table / table.pow(2).mean(1, keepdim=True).sqrt().clamp(min=1e-6) / DIM**0.5
    return torch.randn(len(pairs.tokens), DIM) / DIM**0.5


class Model:
    """The trained parameters; weights are kept as logarithms, so they stay positive."""

    def __init__(self, args, pairs: Pairs):
        idf = torch.from_numpy(np.log(np.maximum(pairs.idf(), 0.05)))
        self.table = start_table(args, pairs)
        self.query_weight, self.document_weight = idf.clone(), idf.clone()
        self.field_weight = torch.tensor([2.0, 0.7, 1.0]).log()
        self.scale = torch.tensor(START_SCALE).log()
        self.head = torch.eye(DIM) if args.head else None
        self.all = [p for p in vars(self).values() if isinstance(p, torch.Tensor)]
        for p in self.all:
            p.requires_grad_(True)
        slow = {"lr": args.lr, "betas": (0.9, 0.99)}
        groups = [{"params": [self.table], **slow}, {"params": [self.query_weight, self.document_weight], "lr": args.weight_lr},
                  {"params": [self.field_weight, self.scale], "lr": 5e-3}]
        self.optimizer = torch.optim.Adam(groups + ([{"params": [self.head], "lr": args.lr * 0.2}] if args.head else []))

    def embed(self, bag, weight, fields=None, dropout: float = 0.0):
        rows, counts, field, offsets = bag
        w = counts * weight.exp()[rows]
        if fields is not None:
            w = w * fields.exp()[field]
        if dropout:
            w = w * (torch.rand_like(w) > dropout)
        return torch.nn.functional.embedding_bag(rows, self.table, offsets, mode="sum", per_sample_weights=w)

    def loss(self, pairs: Pairs, items, dropout: float):
        query = self.embed(pairs.queries.batch(items), self.query_weight, dropout=dropout)
        query = query if self.head is None else query @ self.head.T
        document = self.embed(pairs.documents.batch(items), self.document_weight, self.field_weight, dropout)
        key, text = torch.from_numpy(pairs.key[items]), torch.from_numpy(pairs.text_key[items])
        same = (key[:, None] == key) | (text[:, None] == text)
        same.fill_diagonal_(False)
        target, total, right = torch.arange(len(items)), 0.0, 0.0
        for dim, share in DIM_LOSS.items():
            q, d = (torch.nn.functional.normalize(x[:, :dim], dim=1, eps=1e-6) for x in (query, document))
            logits = (self.scale.exp().clamp(max=100) * q @ d.T).masked_fill(same, -1e4)
            total = total + share * (torch.nn.functional.cross_entropy(logits, target)
                                     + 0.3 * torch.nn.functional.cross_entropy(logits.T, target))
            if dim == DIM:
                right = (logits.argmax(1) == target).float().mean().item()
        return total, right

    def export(self, pairs: Pairs, tokenizer) -> enc.Encoder:
        array = lambda x: x.detach().numpy().copy()
        fields = dict(zip(enc.FIELDS, array(self.field_weight.exp()).tolist()))
        return enc.Encoder(array(self.table), array(self.query_weight.exp()), array(self.document_weight.exp()),
                           pairs.row_of_token, fields, tokenizer, None if self.head is None else array(self.head))


def run(args, pairs: "Pairs | None" = None) -> "tuple[enc.Encoder, Model]":
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    rng, tokenizer = np.random.default_rng(args.seed), bpe.load(args.tokenizer)
    start = time.process_time()
    pairs = pairs or Pairs(args.pairs, tokenizer)
    kinds, n = np.unique(pairs.kind, return_counts=True)
    print(f"{len(pairs.kind)} pairs {dict(zip(kinds.tolist(), n.tolist()))}, {len(pairs.tokens)} rows, {time.process_time() - start:.0f} s", flush=True)
    model, step, done, start = Model(args, pairs), 0, False, time.process_time()
    rates, shown = [g["lr"] for g in model.optimizer.param_groups], []
    while not done:
        for items in pairs.epoch(rng, args.batch, args.group):
            # A constant rate, then linear to zero over the last 60 %.
            progress = step / args.steps
            for group, rate in zip(model.optimizer.param_groups, rates):
                group["lr"] = rate * min(1.0, (step + 1) / 20) * min(1.0, max(0.0, 1 - progress) / 0.6)
            loss, right = model.loss(pairs, items, args.dropout)
            model.optimizer.zero_grad()
            loss.backward()
            model.optimizer.step()
            step, done = step + 1, step + 1 >= args.steps
            shown.append((loss.item(), right))
            if step % 50 == 0 or done:
                mean = np.mean(shown, 0)
                print(f"step {step} of {args.steps}, {time.process_time() - start:.0f} CPU s: loss {mean[0]:.3f} first {mean[1]:.3f} scale {model.scale.exp().item():.1f} "
                      f"fields {[round(x, 2) for x in model.field_weight.exp().tolist()]}", flush=True)
                shown = []
            if done:
                break
    return model.export(pairs, tokenizer), model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", required=True)
    parser.add_argument("--tokenizer", required=True, help="folder of the language model's tokenizer.json")
    parser.add_argument("--init-from", help="model folder whose token embedding the table starts from (default: random)")
    parser.add_argument("--out", required=True)
    parser.add_argument("--float", action="store_true", help="also write OUT-float with float32 rows")
    parser.add_argument("--steps", type=int, default=420, help="more than five rounds over the pairs make it worse on unseen code")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--group", type=int, default=256, help="pairs of one repository and kind that stay together")
    parser.add_argument("--lr", type=float, default=4e-3)
    parser.add_argument("--weight-lr", type=float, default=1e-2)
    parser.add_argument("--dropout", type=float, default=0.3, help="share of tokens left out of each text")
    parser.add_argument("--head", action="store_true", help="a linear map on the query side")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--name", default="stet-static")
    parser.add_argument("--version", default="0.1.0")
    args = parser.parse_args()
    encoder, _ = run(args)
    for suffix, is_float in (("", False), ("-float", True)):
        if not is_float or args.float:
            enc.save(encoder, args.out + suffix, os.path.join(args.tokenizer, "tokenizer.json"), args.name, args.version, is_float)
    print(f"{os.path.getsize(os.path.join(args.out, 'encoder.safetensors')) / 1e6:.2f} MB -> {args.out}")


if __name__ == "__main__":
    main()

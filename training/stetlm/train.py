"""The trainer: one process, CPU or CUDA, that always ends on time.

    python -m stetlm.train --data DIR --tokenizer DIR/tokenizer --out DIR/run --minutes 90

Progress is wall time spent over --minutes, so the schedule (warm-up, stable, linear decay) ends on time whatever
the throughput. The state is saved every few minutes; starting the same command again goes on from it, and time
spent before counts. A loss that is not finite reloads the last state and skips the rows that led there.
"""
import argparse
import contextlib
import glob
import json
import math
import os
import time

import torch

from . import data, model as llama, optim, parallel, stale as stale_rows, tokenizer as bpe


def parse(argv=None):
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--data", default=os.environ.get("STET_DATA", "training/data"))
    p.add_argument("--tokenizer")
    p.add_argument("--out", required=True, help="folder of state.pt, config and log")
    p.add_argument("--minutes", type=float, required=True, help="wall-time budget of the whole run, resumes included")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--d-model", type=int, default=256)
    p.add_argument("--layers", type=int, default=6)
    p.add_argument("--heads", type=int, default=4)
    p.add_argument("--kv-heads", type=int, default=2)
    p.add_argument("--ff", type=int, default=768)
    p.add_argument("--context", type=int, default=512)
    p.add_argument("--decay-context", type=int, default=1024)
    p.add_argument("--batch-tokens", type=int, default=4096)
    p.add_argument("--micro-rows", type=int, default=0, help="rows per forward pass, gradients added up; 0: all at once")
    p.add_argument("--decay-share", type=float, default=0.2)
    p.add_argument("--long-share", type=float, help="share of the run, at its end, with --decay-context (default: --decay-share)")
    p.add_argument("--warmup-steps", type=int, default=40)
    p.add_argument("--optimizer", choices=["muon", "adamw"], default="muon")
    p.add_argument("--matrix-lr", type=float, default=0.02)
    p.add_argument("--embed-lr", type=float, default=3e-3)
    p.add_argument("--weight-decay", type=float, default=0.01)
    p.add_argument("--sampled-until", type=float, default=0.0, help="share of progress trained with a sampled softmax")
    p.add_argument("--stale-rows", type=float, default=0.0, help="share of steps trained with edit-stale keys and values")
    p.add_argument("--stale-from", type=float, default=0.0, help="progress from which stale rows are used")
    p.add_argument("--grad-clip", type=float, default=1.0)
    p.add_argument("--save-minutes", type=float, default=5.0)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--ranks", type=int, default=1, help="data-parallel processes (CPU; use --threads 1 with it)")
    p.add_argument("--rank", type=int, default=0, help=argparse.SUPPRESS)
    p.add_argument("--meet", help=argparse.SUPPRESS)
    p.add_argument("--workers", type=int, default=0, help="processes that make rows; 0 makes them in between steps")
    p.add_argument("--compile", action="store_true")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--init", help="state.pt whose weights (only) the run starts from")
    p.add_argument("--minutes-before", type=float, default=0.0, help="with --init: how much of the budget counts as spent")
    return p.parse_args(argv)


def pick_config(args, n_vocab: int) -> llama.Config:
    return llama.Config(n_vocab=n_vocab, d_model=args.d_model, n_layer=args.layers, n_head=args.heads,
                        n_kv_head=args.kv_heads, d_ff=args.ff)


class Trainer:
    def __init__(self, args):
        self.args, self.device = args, torch.device(args.device)
        torch.manual_seed(args.seed)  # the same weights on every rank
        torch.set_num_threads(args.threads)
        self.ranks = parallel.Ranks(args.ranks, args.rank, args.meet)
        self.tok = bpe.load(args.tokenizer or os.path.join(args.data, "tokenizer"))
        self.load_corpus()
        self.model = llama.LanguageModel(pick_config(args, self.tok.n_vocab)).to(self.device)
        self.run = torch.compile(self.model) if args.compile else self.model
        self.optimizers = optim.make_optimizers(self.model, args.optimizer, args.matrix_lr, args.embed_lr, args.weight_decay, self.ranks.map_shared if args.ranks > 1 else None)
        self.often = torch.from_numpy(data.often(self.rows)).to(self.device) if args.sampled_until > 0 else None
        self.step = self.next_row = self.n_tokens = self.n_reloads = 0
        self.seconds = 0.0  # spent in training before this process
        self.state_path = os.path.join(args.out, "state.pt")
        os.makedirs(args.out, exist_ok=True)
        if os.path.exists(self.state_path):
            self.load()
        elif args.init:
            start = torch.load(args.init, map_location="cpu")
            self.model.load_state_dict(start["model"])
            self.next_row, self.n_tokens, self.seconds = start["next_row"], start["n_tokens"], 60 * args.minutes_before
            print(f"weights of step {start['step']} ({start['n_tokens']} tokens); the optimizers start anew", flush=True)

    def load_corpus(self) -> None:
        """Reads the corpus; the processes that make rows are forked here, before or after CUDA starts, and stay off it."""
        self.archives = sorted(glob.glob(os.path.join(self.args.data, "*.done")))
        self.rows = data.Rows(data.Files(self.args.data), self.tok, self.args.seed)
        if getattr(self, "feed", None):
            self.feed.close()
        self.feed = RowFeed(self.args, self.rows) if self.args.workers else None

    def look_for_more_text(self) -> None:
        """Archives that arrived while training (see shards.py) join the corpus at the next save."""
        if sorted(glob.glob(os.path.join(self.args.data, "*.done"))) != self.archives:
            self.load_corpus()
            print(f"corpus read again: {len(self.archives)} archives", flush=True)

    def save(self) -> None:
        if self.args.rank != 0:
            return
        state = dict(
            model=self.model.state_dict(), optimizers=[o.state_dict() for o in self.optimizers], step=self.step,
            next_row=self.next_row, n_tokens=self.n_tokens, seconds=self.elapsed(), config=vars(self.model.config),
            args=vars(self.args),
        )
        torch.save(state, self.state_path + ".part")
        os.replace(self.state_path + ".part", self.state_path)  # a reader never sees half a file

    def load(self) -> None:
        state = torch.load(self.state_path, map_location=self.device)
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"]):
            settings = [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]
            optimizer.load_state_dict(saved)
            for group, own in zip(optimizer.param_groups, settings):
                group.update(own)  # the command line decides on rates, also after a resume
        self.step, self.next_row, self.n_tokens = state["step"], max(self.next_row, state["next_row"]), state["n_tokens"]
        self.seconds = max(self.seconds, state["seconds"])
        print(f"resumed at step {self.step}, {self.n_tokens} tokens, {self.seconds / 60:.1f} min spent", flush=True)

    def elapsed(self) -> float:
        return self.seconds + time.time() - self.started

    def batch(self, context: int):
        n_rows = max(1, self.args.batch_tokens // context // self.ranks.n)  # of this rank
        first = self.next_row + self.ranks.rank * n_rows
        array = (self.feed or self.rows).batch(first, n_rows, context)
        self.next_row += n_rows * self.ranks.n
        ids, asked = (torch.from_numpy(part).to(self.device, non_blocking=True) for part in data.spell(array))
        return ids[:, :-1], ids[:, 1:], asked[:, 1:].float()

    def loss(self, ids, targets, asked, progress: float):
        stale, weight = None, asked.reshape(-1)
        if progress >= self.args.stale_from and torch.rand(()).item() < self.args.stale_rows:
            stale, fresh, _ = stale_rows.make(self.model, ids)
            weight = weight * fresh
        is_cuda = self.device.type == "cuda"
        with torch.autocast("cuda", torch.bfloat16) if is_cuda else contextlib.nullcontext():
            hidden = self.run(ids) if stale is None else self.model(ids, stale)
        hidden, flat = hidden.reshape(-1, hidden.shape[-1]), targets.reshape(-1)
        table = self.model.model.embed_tokens.weight
        if progress < self.args.sampled_until:
            chosen, flat, shift = llama.sampled_candidates(flat, self.tok.n_vocab, 2048, 1024, self.often)
            return llama.LinearCrossEntropy.apply(hidden, table[chosen], flat, weight, shift)
        return llama.LinearCrossEntropy.apply(hidden, table, flat, weight, None)

    def one_step(self, progress: float) -> "tuple[float, int]":
        args = self.args
        long_share = args.decay_share if args.long_share is None else args.long_share
        context = args.decay_context if progress >= 1 - long_share else args.context
        factor = optim.wsd(progress, self.step, args.warmup_steps, args.decay_share)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["base_lr"] * factor
        ids, targets, asked = self.batch(context)
        micro, loss = args.micro_rows or len(ids), 0.0
        for part, wanted, weight in zip(ids.split(micro), targets.split(micro), asked.split(micro)):
            part_loss = self.loss(part, wanted, weight, progress) * (len(part) / len(ids))
            part_loss.backward()
            loss += part_loss.item()
        loss = self.ranks.average_gradients(self.model.parameters(), loss)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), args.grad_clip)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return loss, targets.numel() * self.ranks.n

    def train(self) -> None:
        args, budget = self.args, self.args.minutes * 60
        self.started, last_save, log = time.time(), time.time(), open(os.path.join(args.out, "log.jsonl") if args.rank == 0 else os.devnull, "a")
        mean, since, tokens_since = None, time.time(), 0
        print(f"{llama.n_parameters(self.model)} parameters on {self.device}, {args.minutes} min, row {self.next_row}", flush=True)
        while (progress := self.ranks.agree([self.elapsed() / budget])[0]) < 1:
            loss, n = self.one_step(progress)
            if not math.isfinite(loss):
                self.recover()
                continue
            self.step, self.n_tokens, tokens_since = self.step + 1, self.n_tokens + n, tokens_since + n
            mean = loss if mean is None else 0.97 * mean + 0.03 * loss
            if self.step % 10 == 0 and args.rank == 0:
                rate, since, tokens_since = tokens_since / (time.time() - since), time.time(), 0
                print(f"step {self.step} {self.n_tokens / 1e6:.3f} M tokens, {self.elapsed() / 60:.1f} min ({100 * progress:.0f} %), loss {mean:.3f}, {rate:.0f} tok/s", flush=True)
                log.write(json.dumps(dict(step=self.step, tokens=self.n_tokens, seconds=round(self.elapsed(), 1), loss=round(mean, 4))) + "\n")
                log.flush()
            if time.time() - last_save > args.save_minutes * 60:
                self.save()
                self.look_for_more_text()
                last_save = time.time()
        self.save()
        print(f"finished: {self.step} steps, {self.n_tokens} tokens, {self.elapsed() / 60:.1f} min, loss {mean if mean is None else round(mean, 4)}", flush=True)

    def recover(self) -> None:
        """After a loss that is not finite: back to the last state, and past the rows that led there."""
        self.n_reloads += 1
        if self.n_reloads > 5 or not os.path.exists(self.state_path):
            raise SystemExit(f"loss is not finite at step {self.step} (reload {self.n_reloads}): lower --matrix-lr and start again")
        print(f"loss is not finite at step {self.step}: reloading the last state, skipping to row {self.next_row}", flush=True)
        self.seconds, self.started = self.elapsed(), time.time()
        self.load()


class RowFeed:
    """Rows made ahead by other processes; the order stays that of the row numbers."""

    def __init__(self, args, rows):
        import multiprocessing

        RowFeed.shared = rows  # before the fork, so that the children have the corpus without a copy
        self.pool = multiprocessing.get_context("fork").Pool(args.workers)
        self.depth, self.pending, self.queue, self.cursor = 4 * args.workers, (0, 0), [], 0

    def close(self) -> None:
        self.pool.terminate()

    @staticmethod
    def work(job):
        return RowFeed.shared.batch(*job)

    def batch(self, first: int, n_rows: int, context: int):
        import numpy as np

        size = max(1, n_rows // 8)
        if self.pending != (n_rows, context) or not self.queue or self.queue[0][0] != first:
            self.queue, self.cursor, self.pending = [], first, (n_rows, context)
        while len(self.queue) < max(8, self.depth) * 2:
            self.queue.append((self.cursor, size, self.pool.apply_async(RowFeed.work, ((self.cursor, size, context),))))
            self.cursor += size
        out, have = [], 0
        while have < n_rows:
            _, n, job = self.queue.pop(0)
            out.append(job.get())
            have += n
        return np.concatenate(out)[:n_rows]


def main() -> None:
    Trainer(parse()).train()


if __name__ == "__main__":
    main()

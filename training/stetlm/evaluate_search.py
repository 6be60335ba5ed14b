"""Search quality: BM25, the encoder, and both fused, on documentation sentences of unseen repositories and on CoSQA.

    python -m stetlm.evaluate_search --encoder model/encoder --tokenizer model --tune CLICK SCRAPY... --repos HONO FLASK... \\
        --cosqa DIR --json results.json --markdown tables.md

REPOs are folders called owner+name (a checkout, a bare git directory, or one with a bare `repo` inside). Everything
that can be chosen (BM25's fields, k1, b, stemming; the fusion's weights) is chosen on --tune, never on --repos; CoSQA
uses what was chosen there. All systems rank the same pool (every function of the repository, tests included) for the
same queries in the same run. Figures are means over queries; intervals are 95 % bootstrap over queries.
"""
import argparse
import itertools
import json
import os
import re
import time
from typing import NamedTuple

import numpy as np

from . import corpus, encoder as enc, lexical, pairs
from .sources import open_source

MAX_QUERIES = 500  # per repository, drawn with a fixed seed
MAX_TUNE_QUERIES = 100
N_BOOTSTRAP = 2_000
BUCKETS = ((0, 40, "up to 40 words"), (40, 120, "41-120"), (120, 300, "121-300"), (300, 1 << 30, "over 300"))
RRF_K = 60
TOP = 100  # ranks that a fusion by rank sees of each list


class Task(NamedTuple):
    name: str
    pool: list  # of pairs.Function
    queries: "list[str]"
    right: "list[list[int]]"
    index: lexical.Index


def repository_task(path: str, max_queries: int = MAX_QUERIES) -> Task:
    name, source = open_source(path)
    wanted = [p for p in sorted(source.sizes) if p.rsplit(".", 1)[-1] in pairs.LANGUAGE_OF and source.sizes[p] <= pairs.MAX_FILE_BYTES
              and not re.search(r"(^|/)node_modules/|\.min\.js$|\.d\.ts$", p)]
    pool = [f for p, data in source.read(wanted) for f in pairs.functions(p, data.decode("utf-8", "replace"))]
    found = pairs.queries(pool)
    if len(found) > max_queries:
        found = [found[i] for i in sorted(np.random.default_rng(7).permutation(len(found))[:max_queries])]
    return Task(name, pool, [q for q, _ in found], [r for _, r in found], lexical.Index(pool))


def cosqa_task(folder: str, keep_docs: bool) -> Task:
    """500 web queries over 6,267 Python functions; the functions' documentation is cut out unless keep_docs."""
    with open(os.path.join(folder, "code_idx_map.txt")) as file:
        codes = sorted(json.load(file).items(), key=lambda item: item[1])
    with open(os.path.join(folder, "cosqa-retrieval-dev-500.json")) as file:
        items = json.load(file)
    pool = []
    for text, i in codes:
        assert i == len(pool)
        name = (re.search(r"def\s+(\w+)", text) or [None, ""])[1]
        code = text if keep_docs else re.sub(r'^(\s*(?:@[^\n]*\n\s*)*def\s.*?:\s*(?:#[^\n]*)?\n\s*)[rRuUbB]*("""|\'\'\'|"|\').*?\2', r"\1", text, count=1, flags=re.S)
        pool.append(pairs.Function("", 1, name, code, ""))
    label = "CoSQA dev, documentation " + ("kept" if keep_docs else "cut")
    return Task(label, pool, [item["doc"] for item in items], [[item["retrieval_idx"]] for item in items], lexical.Index(pool))


def top(row, n: int):
    """The n best, best first, ties to the earlier: what a full stable sort begins with, for a tenth of its time."""
    n = min(n, len(row))
    near = np.flatnonzero(row >= np.partition(row, len(row) - n)[len(row) - n])
    return near[np.argsort(-row[near], kind="stable")][:n]


def measures(scores, right) -> "np.ndarray":
    """[nQuery, 3]: MRR@10, NDCG@10, Recall@10. Ties go to the earlier function; a score of zero is not a hit."""
    out = np.zeros((len(right), 3))
    for i, wanted in enumerate(right):
        row = scores[i]
        order = top(row, 10)
        hits = [rank for rank, j in enumerate(order) if j in wanted and row[j] > 0]
        if hits:
            ideal = sum(1 / np.log2(r + 2) for r in range(min(10, len(wanted))))
            out[i] = 1 / (hits[0] + 1), sum(1 / np.log2(r + 2) for r in hits) / ideal, len(hits) / len(wanted)
    return out


def dense_scores(encoder: enc.Encoder, task: Task, dim: int = 256, as_int8: bool = True):
    """Cosine + 1 (positive, as `measures` wants), [nQuery, n]; documents as the index stores them when as_int8."""
    cache = encoder.__dict__.setdefault("evaluated", {})
    if task.name not in cache:
        cache[task.name] = (np.stack([encoder.query(q) for q in task.queries]),
                            np.stack([encoder.document(f.name, f.path, f.code) for f in task.pool]))
    queries, documents = (enc.unit(x[:, :dim]) for x in cache[task.name])
    return queries @ (enc.quantised_vectors(documents) if as_int8 else documents).T + 1


def by_rank(scores):
    """1 / (RRF_K + rank), rank from 1; zero past TOP and where the score is zero."""
    out = np.zeros_like(scores)
    for row, into in zip(scores, out):
        best = top(row, TOP)
        into[best] = 1 / (RRF_K + 1 + np.arange(len(best)))
    return np.where(scores > 0, out, 0)


def by_score(scores):
    """Scores over the query's best, less its mean: cosine and BM25 made comparable."""
    low = scores.mean(1, keepdims=True)
    return (scores - low) / np.maximum(scores.max(1, keepdims=True) - low, 1e-9)


def fuse(lexical_scores, dense, kind: str, weight: float):
    """weight is the encoder's share, 0..1."""
    change = by_rank if kind == "rrf" else by_score
    return (1 - weight) * change(lexical_scores) + weight * change(dense) + (1e-9 if kind == "rrf" else 2)


def mean_mrr(tasks, scores_of) -> float:
    """Mean MRR@10 over the queries of all tasks (MAX_TUNE_QUERIES each at most, so that none chooses for all)."""
    total = 0.0
    for task in tasks:
        for row, wanted in zip(scores_of(task), task.right):
            best = max(wanted, key=lambda j: (row[j], -j))
            rank = int((row > row[best]).sum() + (row[:best] == row[best]).sum()) + 1
            total += 1 / rank if rank <= 10 and row[best] > 0 else 0
    return total / sum(len(task.queries) for task in tasks)


def tune_lexical(tasks) -> "tuple[lexical.Settings, float]":
    best = lexical.ISSUE
    best_value = mean_mrr(tasks, lambda t: t.index.scores(t.queries, best))
    grid = {"stem": (False, True), "name": (1.0, 2.0, 4.0, 8.0, 12.0, 20.0), "path": (0.0, 0.5, 1.0, 2.0, 3.0, 5.0),
            "b": (0.3, 0.5, 0.75, 0.9, 1.0), "k1": (0.6, 0.9, 1.2, 2.0, 3.0, 5.0)}
    for key, values in grid.items():  # one setting at a time: a smooth surface, and the full grid is 640 rounds
        for value in values:
            candidate = best._replace(**{key: value})
            got = best_value if candidate == best else mean_mrr(tasks, lambda t: t.index.scores(t.queries, candidate))
            if got > best_value:
                best, best_value = candidate, got
    return best, best_value


def tune_fusion(tasks, lexical_of, dense_of) -> "dict[str, tuple[float, float]]":
    """kind -> (the encoder's share, MRR on the tuning repositories)."""
    out = {}
    for kind in ("rrf", "sum"):
        values = {w: mean_mrr(tasks, lambda t: fuse(lexical_of(t), dense_of(t), kind, w)) for w in np.round(np.arange(0.1, 0.95, 0.1), 2)}
        best = max(values, key=values.get)
        out[kind] = (float(best), values[best])
    return out


def interval(values, rng) -> "tuple[float, float]":
    draws = rng.integers(0, len(values), (N_BOOTSTRAP, len(values)))
    return tuple(np.percentile(values[draws].mean(1), [2.5, 97.5]))


def n_words(function) -> int:
    return len(enc.words(function.code))


def figures(task: Task, systems: "dict[str, np.ndarray]", got: dict) -> None:
    """Adds got[system] = list of (task name, words of the shortest right function, measures [3])."""
    for system, scores in systems.items():
        for row, wanted in zip(measures(scores, task.right), task.right):
            got.setdefault(system, []).append((task.name, min(n_words(task.pool[j]) for j in wanted), row))


def summary(rows, rng) -> dict:
    values = np.stack([row for _, _, row in rows])
    out = {"queries": len(rows)}
    for k, name in enumerate(("mrr10", "ndcg10", "recall10")):
        out[name] = [round(float(values[:, k].mean()), 4), *(round(float(x), 4) for x in interval(values[:, k], rng))]
    return out


def paired(a, b, rng) -> "list[float]":
    """Mean of a's MRR over b's, query by query, with its interval: the test of "better than"."""
    difference = np.array([x[2][0] - y[2][0] for x, y in zip(a, b)])
    return [round(float(x), 4) for x in (difference.mean(), *interval(difference, rng))]


class Evaluation:
    def __init__(self, encoder: enc.Encoder, float_encoder, tune: "list[Task]"):
        self.encoder, self.float_encoder = encoder, float_encoder
        self.settings, value = tune_lexical(tune)
        self.chosen = {"bm25": self.settings._asdict(), "bm25TuneMrr": value}
        lexicals = {"plain": lexical.ISSUE, "tuned": self.settings}
        cached = {(label, t.name): t.index.scores(t.queries, s) for label, s in lexicals.items() for t in tune}
        self.shares = {}
        for label in lexicals:
            found = tune_fusion(tune, lambda t: cached[label, t.name], lambda t: dense_scores(encoder, t))
            self.shares[label] = found
        self.chosen["encoderShare"] = {label: {kind: share for kind, (share, _) in found.items()} for label, found in self.shares.items()}
        self.chosen["tuneMrr"] = {label: {kind: value for kind, (_, value) in found.items()} for label, found in self.shares.items()}
        self.chosen["tuneMrr"]["encoder"] = mean_mrr(tune, lambda t: dense_scores(encoder, t))

    def systems(self, task: Task) -> "dict[str, np.ndarray]":
        plain, tuned = task.index.scores(task.queries, lexical.ISSUE), task.index.scores(task.queries, self.settings)
        dense = {dim: dense_scores(self.encoder, task, dim) for dim in enc.DIMS}
        share = self.chosen["encoderShare"]
        out = {"BM25": plain, "BM25 fields": tuned, "encoder": dense[256]}
        for label, base in (("plain", plain), ("tuned", tuned)):
            title = "BM25" if label == "plain" else "BM25 fields"
            out[f"{title} + encoder, RRF"] = fuse(base, dense[256], "rrf", share[label]["rrf"])
            out[f"{title} + encoder, sum"] = fuse(base, dense[256], "sum", share[label]["sum"])
        for dim in (128, 64):
            out[f"encoder, {dim} dimensions"] = dense[dim]
            out[f"BM25 fields + encoder, sum, {dim} dimensions"] = fuse(tuned, dense[dim], "sum", share["tuned"]["sum"])
        if self.float_encoder:
            out["encoder, all float32"] = dense_scores(self.float_encoder, task, 256, False)
        return out


def report(got: dict, chosen: dict) -> dict:
    rng = np.random.default_rng(1)
    names = sorted({row[0] for rows in got.values() for row in rows})
    out = {"chosen": chosen, "all": {}, "byRepository": {}, "byLength": {}, "gain": {}}
    groups = {"repositories": [n for n in names if "/" in n], **{n: [n] for n in names if "/" not in n}}
    for group, members in groups.items():
        chosen_rows = {system: [r for r in rows if r[0] in members] for system, rows in got.items()}
        if not members or not any(chosen_rows.values()):
            continue
        out["all"][group] = {system: summary(rows, rng) for system, rows in chosen_rows.items()}
        out["gain"][group] = {
            f"{a} over {b}": paired(chosen_rows[a], chosen_rows[b], rng)
            for a, b in itertools.product([s for s in got if "+" in s and "dim" not in s], ("BM25", "BM25 fields")) if a.startswith(b + " +")
        }
    for name in groups["repositories"]:
        out["byRepository"][name] = {system: summary([r for r in rows if r[0] == name], rng) for system, rows in got.items()}
    for low, high, label in BUCKETS:
        part = {s: [r for r in rows if "/" in r[0] and low < r[1] <= high] for s, rows in got.items()}
        if all(part.values()):
            out["byLength"][label] = {system: summary(rows, rng) for system, rows in part.items()}
    return out


def cell(value) -> str:
    return f"{value[0]:.3f} ({value[1]:.3f}-{value[2]:.3f})"


def markdown(result: dict) -> str:
    lines = []
    for group, systems in result["all"].items():
        n = next(iter(systems.values()))["queries"]
        lines += [f"### {group} ({n} queries)", "", "| system | MRR@10 | NDCG@10 | Recall@10 |", "|---|---|---|---|"]
        lines += [f"| {s} | {cell(v['mrr10'])} | {cell(v['ndcg10'])} | {cell(v['recall10'])} |" for s, v in systems.items()]
        lines += ["", "MRR gained, query by query: " + "; ".join(f"{k} {v[0]:+.3f} ({v[1]:+.3f} to {v[2]:+.3f})" for k, v in result["gain"][group].items()), ""]
    shown = ["BM25", "BM25 fields", "encoder", "BM25 + encoder, sum", "BM25 fields + encoder, RRF", "BM25 fields + encoder, sum"]
    for key, title in (("byRepository", "repository"), ("byLength", "length of the function")):
        lines += [f"### MRR@10 by {title}", "", f"| {title} | queries | " + " | ".join(shown) + " |", "|---" * (len(shown) + 2) + "|"]
        for name, systems in result[key].items():
            lines.append(f"| {name} | {systems['BM25']['queries']} | " + " | ".join(f"{systems[s]['mrr10'][0]:.3f}" for s in shown) + " |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--float-encoder", help="the same with float32 rows, for the cost of int8")
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--tune", nargs="+", required=True)
    parser.add_argument("--repos", nargs="*", default=[])
    parser.add_argument("--cosqa")
    parser.add_argument("--json")
    parser.add_argument("--markdown")
    args = parser.parse_args()
    start = time.time()
    for path in args.tune:
        name = open_source(path)[0]
        assert corpus.side_of(name) == "train", f"{name} is held out: nothing may be chosen on it"
    tune = [repository_task(path, MAX_TUNE_QUERIES) for path in args.tune]
    print(f"tuning on {[(t.name, len(t.pool), len(t.queries)) for t in tune]}, {time.time() - start:.0f} s", flush=True)
    evaluation = Evaluation(enc.load(args.encoder, args.tokenizer), args.float_encoder and enc.load(args.float_encoder, args.tokenizer), tune)
    print(json.dumps(evaluation.chosen), f"{time.time() - start:.0f} s", flush=True)
    got, pools = {}, {}
    for path in args.repos:
        task = repository_task(path)
        assert corpus.side_of(task.name) == "hold", f"{task.name} was trained on"
        pools[task.name] = len(task.pool)
        if task.queries:
            figures(task, evaluation.systems(task), got)
    for keep_docs in (True, False) if args.cosqa else ():
        task = cosqa_task(args.cosqa, keep_docs)
        pools[task.name] = len(task.pool)
        figures(task, evaluation.systems(task), got)
    if got:
        result = {**report(got, evaluation.chosen), "functions": pools, "seconds": round(time.time() - start)}
        print(markdown(result))
        if args.markdown:
            with open(args.markdown, "w") as file:
                file.write(markdown(result))
        if args.json:
            with open(args.json, "w") as file:
                json.dump(result, file, indent=1)
                file.write("\n")


if __name__ == "__main__":
    main()

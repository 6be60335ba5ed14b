"""Writes model/MODEL_CARD.md from the manifest, the training log and the evaluation results: no figure by hand.

    python -m stetlm.card --model model --manifest training/manifest.json --run DIR/run DIR/run2 --results DIR/results.jsonl --out model/MODEL_CARD.md

Several runs are one training, each begun with the weights of the one before. The results may hold an earlier model's too.

The prose around the figures is in card.md beside this file; {{name}} marks what is filled in here.
"""
import argparse
import json
import os
import re

import torch

LANGUAGES = {"ts": "TypeScript", "tsx": "TSX", "js": "JavaScript", "py": "Python"}


def with_interval(values) -> str:
    point, low, high = values
    return f"{point:.3f} ({low:.3f}-{high:.3f})"


def data_table(repositories: dict, side: str) -> str:
    lines = ["| repository | commit | licence | files | MB | languages (MB) |", "|---|---|---|---|---|---|"]
    total_files = total_bytes = 0
    for repo, entry in repositories.items():
        if entry["side"] != side:
            continue
        size = sum(entry["bytes"].values())
        total_files, total_bytes = total_files + entry["files"], total_bytes + size
        split = ", ".join(f"{lang} {n / 1e6:.1f}" for lang, n in entry["bytes"].items() if n >= 50_000)
        lines.append(f"| {repo} | {entry['commit'][:12]} | {entry['licence']} | {entry['files']} | {size / 1e6:.1f} | {split} |")
    lines.append(f"| **all** | | | {total_files} | {total_bytes / 1e6:.1f} | |")
    return "\n".join(lines)


def bpb_table(results: "list[dict]", label: str) -> str:
    found = [r for r in results if r["command"] == "bpb"]
    own = {r["quantise"]: r["result"] for r in found if r["model"] == label}
    earlier = {r["model"]: r["result"] for r in found if r["model"] != label}
    ngram = next((r["result"] for r in found if r["ngram"]), {})
    lines = [
        f"| language | files | bf16 (95 % interval) | int8 | int4 |{''.join(f' {name} |' for name in earlier)} 5-gram |",
        "|---|---|---|---|---|---|" + "---|" * len(earlier),
    ]
    for lang, entry in own["none"].items():
        cells = [f"{own[k][lang]['bpb'][0]:.3f}" if lang in own.get(k, {}) else "-" for k in ("int8", "int4")]
        cells += [f"{result[lang]['bpb'][0]:.3f}" for result in earlier.values()]
        cells.append(f"{ngram[lang]['ngramBpb'][0]:.3f}" if lang in ngram else "-")
        lines.append(f"| {LANGUAGES[lang]} | {entry['files']} | {with_interval(entry['bpb'])} | {' | '.join(cells)} |")
    return "\n".join(lines)


def infill_table(results: "list[dict]") -> str:
    lines = ["| what | holes | cases | exact match | edit similarity | first token |", "|---|---|---|---|---|---|"]
    for r in results:
        if r["command"] != "infill":
            continue
        what = "5-gram" if r["ngram"] else f"{r['model']}, {r['order'].upper()}{' + two other files' if r['others'] else ''}{', ' + r['quantise'] if r['quantise'] != 'none' else ''}"
        for kind, e in r["result"].items():
            cells = " | ".join(with_interval(e[k]) for k in ("exactMatch", "editSimilarity", "firstToken"))
            lines.append(f"| {what} | {kind} | {e['cases']} | {cells} |")
    return "\n".join(lines)


def memory_table(results: "list[dict]") -> str:
    entry = next(r["result"] for r in results if r["command"] == "memory")
    lines = ["| prompts from | prompts | 50 tokens verbatim | mean tokens that agree | longest |", "|---|---|---|---|---|"]
    for side, e in entry.items():
        lines.append(f"| {side} | {e['prompts']} | {e['verbatim50']} | {e['meanSameTokens']} | {e['longest']} |")
    return "\n".join(lines)


def sample_list(results: "list[dict]") -> str:
    rows = next(r["result"]["samples"] for r in results if r["command"] == "samples")
    out = []
    for row in rows:
        before = "\n".join(line[:160] for line in row["before"].split("\n"))
        out.append(f"`{row['file']}` ({row['kind']})\n\n```text\n{before}█\nwanted: {row['want']!r}\ncame:   {row['got'][:300]!r}\n```\n")
    return "\n".join(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="model")
    parser.add_argument("--manifest", default="training/manifest.json")
    parser.add_argument("--run", required=True, nargs="+", help="folders of state.pt, in the order they were trained")
    parser.add_argument("--results", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    with open(args.manifest) as file:
        manifest = json.load(file)
    with open(args.results) as file:
        results = [json.loads(line) for line in file]
    with open(os.path.join(args.model, "config.json")) as file:
        config = json.load(file)
    with open(os.path.join(args.model, "stet.json")) as file:
        stet = json.load(file)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "card.md")) as file:
        text = file.read()
    states = [torch.load(os.path.join(run, "state.pt"), map_location="cpu") for run in args.run]
    n_tokens, n_steps, seconds = states[-1]["n_tokens"], sum(s["step"] for s in states), sum(s["seconds"] for s in states)
    counts, c = manifest["counts"], config
    n_parameters = results[0]["parameters"]
    label = f"{stet['name']} {stet['version']}"
    own_infill = next(r["result"] for r in results if r["command"] == "infill" and r["model"] == label and "single" in r["result"] and not r["ngram"])
    fields = {
        "name": stet["name"], "version": stet["version"], "parameters": f"{n_parameters:,}", "layers": c["num_hidden_layers"],
        "d_model": c["hidden_size"], "heads": c["num_attention_heads"], "kv_heads": c["num_key_value_heads"], "ff": c["intermediate_size"],
        "table_parameters": f"{c['vocab_size'] * c['hidden_size']:,}", "tokens": f"{n_tokens:,}", "steps": f"{n_steps:,}",
        "minutes": f"{seconds / 60:.0f}", "hours": f"{seconds / 3600:.1f}", "runs": len(states),
        **{f"{kind}_exact": f"{100 * own_infill[kind]['exactMatch'][0]:.0f} %" for kind in ("single", "multi")}, "pflop": f"{6 * n_parameters * n_tokens / 1e15:.2f}",
        "train_table": data_table(manifest["repositories"], "train"), "hold_table": data_table(manifest["repositories"], "hold"),
        "counts": "\n".join(f"- {name}: {n:,}" for name, n in counts.items()),
        "bpb_table": bpb_table(results, label), "infill_table": infill_table(results), "memory_table": memory_table(results), "samples": sample_list(results),
    }
    text = re.sub(r"\{\{(\w+)\}\}", lambda m: str(fields[m.group(1)]), text)
    with open(args.out, "w") as file:
        file.write(text)


if __name__ == "__main__":
    main()

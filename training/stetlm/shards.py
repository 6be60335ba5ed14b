"""Checkpoints that travel in pieces: packed as int8 or bf16, cut into files of at most 16 MiB, put together again.

    python -m stetlm.shards pack --state RUN/state.pt --out DIR [--kind int8|bf16] [--first 0 --count 4]
    python -m stetlm.shards join --dir DIR --out RUN/init.pt        (says which pieces are missing or damaged)
    python -m stetlm.shards text --data DIR --out DIR2 --mib 52     (the corpus as xz archives for the way there)
    python -m stetlm.shards untext --dir DIR2 --data DIR

Optimizer state does not travel: fifty steps of warm-up bring it back. index.json names every piece with its SHA-256,
so a piece lost on the way is noticed, named, and asked for again with --first/--count.
"""
import argparse
import glob
import hashlib
import json
import lzma
import os

import numpy as np
import torch

from . import corpus, data

PIECE_BYTES = 16 << 20


def encode_state(model: dict, kind: str) -> "tuple[bytes, list]":
    """All tensors in one byte string, and [name, shape, form] of each in order."""
    blobs, entries = [], []
    for name in sorted(model):
        tensor = model[name].detach().float().cpu()
        if kind == "int8" and tensor.dim() == 2:
            scale = (tensor.abs().amax(1) / 127).clamp(min=1e-8)
            blobs += [scale.numpy().tobytes(), (tensor / scale[:, None]).round().to(torch.int8).numpy().tobytes()]
            entries.append([name, list(tensor.shape), "int8"])
        else:
            blobs.append(tensor.to(torch.bfloat16).view(torch.int16).numpy().tobytes())
            entries.append([name, list(tensor.shape), "bf16"])
    return b"".join(blobs), entries


def decode_state(raw: bytes, entries: list) -> dict:
    model, at = {}, 0
    for name, shape, form in entries:
        n = int(np.prod(shape))
        if form == "int8":
            scale = torch.from_numpy(np.frombuffer(raw, np.float32, shape[0], at).copy())
            values = torch.from_numpy(np.frombuffer(raw, np.int8, n, at + 4 * shape[0]).copy())
            model[name], at = values.float().view(shape) * scale[:, None], at + 4 * shape[0] + n
        else:
            bits = torch.from_numpy(np.frombuffer(raw, np.int16, n, at).copy())
            model[name], at = bits.view(torch.bfloat16).float().view(shape), at + 2 * n
    assert at == len(raw), f"{len(raw) - at} bytes left over"
    return model


def pack(state_path: str, out: str, kind: str, first: int, count: int) -> None:
    state = torch.load(state_path, map_location="cpu")
    raw, entries = encode_state(state["model"], kind)
    pieces = [raw[i : i + PIECE_BYTES] for i in range(0, len(raw), PIECE_BYTES)]
    os.makedirs(out, exist_ok=True)
    index = {
        "kind": kind, "step": state["step"], "tokens": state["n_tokens"], "seconds": state["seconds"], "config": state["config"],
        "next_row": state["next_row"], "entries": entries,
        "pieces": [{"name": f"weights-{i:02}.bin", "sha256": hashlib.sha256(p).hexdigest()} for i, p in enumerate(pieces)],
    }
    with open(os.path.join(out, "index.json"), "w") as file:
        json.dump(index, file)
    for i in range(first, min(len(pieces), first + count)):
        with open(os.path.join(out, f"weights-{i:02}.bin"), "wb") as file:
            file.write(pieces[i])
    print(f"step {state['step']}: pieces {first}..{min(len(pieces), first + count) - 1} of {len(pieces)} ({kind}) -> {out}")


def join(folder: str, out: str) -> None:
    """Writes a state with the weights only (for --init and for export); exits naming what is missing."""
    with open(os.path.join(folder, "index.json")) as file:
        index = json.load(file)
    raw, bad = [], []
    for i, piece in enumerate(index["pieces"]):
        path = os.path.join(folder, piece["name"])
        content = open(path, "rb").read() if os.path.exists(path) else b""
        if hashlib.sha256(content).hexdigest() != piece["sha256"]:
            bad.append(i)
        raw.append(content)
    if bad:
        raise SystemExit(f"pieces {bad} of {folder} are missing or damaged: fetch them again with "
                         f"`gpu-30min.sh collect {bad[0]} {bad[-1] - bad[0] + 1}` while the machine is held, else go back to the last whole checkpoint")
    state = {"model": decode_state(b"".join(raw), index["entries"]), "config": index["config"], "step": index["step"],
             "n_tokens": index["tokens"], "seconds": index["seconds"], "next_row": index["next_row"], "optimizers": [], "args": {}}
    torch.save(state, out)
    print(f"step {index['step']}, {index['tokens']} tokens -> {out}")


def text(data_dir: str, out: str, mib: float, weights: "dict[str, float]") -> None:
    """Whole-corpus archives of at most `mib` MiB each, in random order of top folders, hold-out in the first."""
    os.makedirs(out, exist_ok=True)
    rng, n_archive, archive = np.random.default_rng(0), 0, None

    def opened():
        return lzma.open(os.path.join(out, f"text-{n_archive}.xz"), "wb", preset=6)

    by_folder = {}
    for side in ("hold", "train"):
        for lang in weights:
            for repo, path, content in corpus.records(data_dir, side, lang):
                by_folder.setdefault((side, repo, path.split("/")[0]), []).append(b"\0" + f"{side}/{lang}".encode() + b"\3" + repo.encode() + b"\1" + path.encode() + b"\2" + content)
    keys = sorted(key for key in by_folder if key[0] == "hold")
    train = sorted(key for key in by_folder if key[0] == "train")
    keys += [train[i] for i in rng.permutation(len(train))]
    archive, limit = opened(), mib * (1 << 20)
    for key in keys:
        # Code shrinks to a seventh or less with xz; an eighth more is left for the part still in the coder.
        if os.path.getsize(os.path.join(out, f"text-{n_archive}.xz")) + sum(map(len, by_folder[key])) / 5 > limit and key[0] == "train":
            archive.close()
            n_archive += 1
            archive = opened()
        archive.write(b"".join(by_folder[key]))
    archive.close()
    for path in sorted(glob.glob(os.path.join(out, "text-*.xz"))):
        print(f"{path} {os.path.getsize(path) / (1 << 20):.1f} MiB")


def untext(folder: str, data_dir: str) -> None:
    """Adds the archives of a folder to a corpus; an archive that was added before is left alone."""
    for path in sorted(glob.glob(os.path.join(folder, "text-*.xz"))):
        mark = os.path.join(data_dir, os.path.basename(path) + ".done")
        if os.path.exists(mark):
            continue
        with lzma.open(path) as file:
            raw = file.read()
        parts = {}
        for record in raw.split(b"\0")[1:]:
            where, rest = record.split(b"\3", 1)
            parts.setdefault(where.decode(), []).append(b"\0" + rest)
        for where, records in parts.items():
            target = os.path.join(data_dir, where + ".bin")
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "ab") as file:
                file.write(b"".join(records))
        with open(mark, "w") as file:
            file.write("added\n")
        print(f"added {path}: {len(raw) / 1e6:.1f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=["pack", "join", "text", "untext"])
    parser.add_argument("--state")
    parser.add_argument("--dir")
    parser.add_argument("--out")
    parser.add_argument("--data", default=os.environ.get("STET_DATA", "training/data"))
    parser.add_argument("--kind", choices=["int8", "bf16"], default="int8")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=99)
    parser.add_argument("--mib", type=float, default=52)
    args = parser.parse_args()
    if args.command == "pack":
        pack(args.state, args.out, args.kind, args.first, args.count)
    elif args.command == "join":
        join(args.dir, args.out)
    elif args.command == "text":
        text(args.data, args.out, args.mib, data.LANGUAGE_WEIGHTS)
    else:
        untext(args.dir, args.data)


if __name__ == "__main__":
    main()

"""The corpus: reads repositories and packages (sources.py), filters, de-duplicates and writes framed text.

    python -m stetlm.corpus build SOURCE... --data DIR --manifest manifest.json    (SOURCE: owner+name[/repo] folders, packages)
    python -m stetlm.corpus check --data DIR                                       (hold-out leak check, counts)
    python -m stetlm.corpus notices SOURCE... --manifest manifest.json --out FILE

Frame of a record in DIR/{train,hold}/<lang>.bin: NUL owner/name SOH path STX content. The text itself is never
committed; manifest.json (repository, commit, licence, counts) and this code are, so that it can be built again.
Nothing here fetches: bring the repositories yourself at the commits the manifest names.
"""
import argparse
import collections
import glob
import gzip
import hashlib
import json
import os
import re
import subprocess
import zlib

import numpy as np

from . import filters
from .sources import open_source

# Whole repositories that are never trained on. Evaluation files come from those that are present.
HELD_OUT = {
    "honojs/hono", "colinhacks/zod", "pmndrs/zustand", "unjs/unstorage", "sindresorhus/p-queue",
    "lucaong/minisearch", "xtermjs/xterm.js", "microsoft/vscode-js-debug", "excalidraw/excalidraw",
    "graphql/graphql-js", "webpro-nl/knip", "fastify/fastify", "encode/httpx", "pallets/flask",
    "Textualize/rich", "psf/black", "tornadoweb/tornado", "sourcegraph/zoekt", "clap-rs/clap", "libuv/libuv",
}
HELD_OUT_OWNERS = {"TheAlgorithms", "exercism"}
EXCLUDED = {"facebook/rocksdb", "openai/human-eval", "openai/human-eval-infilling"}  # dual GPL; benchmark data

N_HASHES, N_BANDS = 24, 8  # LSH: 8 bands of 3; two files with Jaccard 0.8 meet with probability 0.998
MAX_CLUSTER = 2  # how many near-copies of one file are kept
LEAK_SHARE = 0.5  # an evaluation file with more of its shingles in train than this is not evaluated
MAX_BENCHMARK_HITS = 2  # a training file with more benchmark shingles than this is dropped


def side_of(repo: str) -> "str | None":
    """hold, train, or None for what enters neither. Packages spell their repository in any case."""
    lower = repo.lower()
    if lower in {name.lower() for name in EXCLUDED}:
        return None
    is_held = lower in {name.lower() for name in HELD_OUT} or lower.split("/")[0] in {name.lower() for name in HELD_OUT_OWNERS}
    return "hold" if is_held else "train"


def licences(source) -> "tuple[dict[str, str], str]":
    """Licence per folder that carries one ('' is the root), and the root's copyright line."""
    by_folder, notice = {}, ""
    for path, data in source.read(sorted(p for p in source.sizes if filters.is_licence_file(p))):
        text, folder = data.decode("utf-8", "replace"), os.path.dirname(path)
        spdx = filters.classify_licence(text)
        # Several texts in one folder (dual licensing): one we may use is enough, but copyleft wins nothing.
        if by_folder.get(folder) not in filters.ALLOWED_LICENCES:
            by_folder[folder] = spdx
        if folder == "" and not notice:
            notice = filters.copyright_line(text)
    for path, data in source.read([p for p in source.sizes if p.endswith("package.json")]):
        if filters.RESTRICTED_PACKAGE.search(data) and "/" in path:
            by_folder[os.path.dirname(path)] = "restricted"
    return by_folder, notice


def licence_at(source, path: str, by_folder: "dict[str, str]") -> str:
    """What the source itself says of the file, else the licence of the nearest folder; a restricted folder stays so."""
    nearest = filters.licence_of_path(path, by_folder)
    return nearest if nearest == "restricted" else source.licence_of(path) or nearest


def scan(source, seen: "set[bytes]", counts: collections.Counter):
    """Yields (language, path, content, licence) of the files that pass; adds the reasons of the others to counts."""
    by_folder, _ = licences(source)
    wanted = []
    for path in sorted(source.sizes):
        if not filters.language_of(path):
            continue
        reason = filters.reject_path(path, source.sizes[path])
        if not reason and licence_at(source, path, by_folder) not in filters.ALLOWED_LICENCES:
            reason = "licence"
        if reason:
            counts[reason] += 1
        else:
            wanted.append(path)
    for path, data in source.read(wanted):
        reason = filters.reject_content(data)
        key = hashlib.blake2b(re.sub(rb"\s+", b"", data), digest_size=10).digest()
        if not reason and key in seen:
            reason = "exact duplicate"
        if reason:
            counts[reason] += 1
            continue
        seen.add(key)
        data, n_emails, n_secrets = filters.redact(data.replace(b"\r\n", b"\n"))
        counts["e-mails replaced"] += n_emails
        counts["key-like strings replaced"] += n_secrets
        yield filters.language_of(path), path, data, licence_at(source, path, by_folder)


def shingles(data: bytes) -> "set[int]":
    """Hashes of each three consecutive lines that hold more than eight characters."""
    lines = [line for line in (raw.strip() for raw in data.split(b"\n")) if len(line) > 8]
    return {zlib.crc32(b"|".join(lines[i : i + 3])) for i in range(len(lines) - 2)}


class NearCopies:
    """Counts how many files like this one were kept before (MinHash with banding)."""

    def __init__(self):
        rng = np.random.default_rng(1)
        self._a = rng.integers(1, 1 << 31, N_HASHES, dtype=np.uint64) | np.uint64(1)
        self._b = rng.integers(0, 1 << 31, N_HASHES, dtype=np.uint64)
        self._kept = collections.Counter()

    def is_one_too_many(self, hashes: "set[int]") -> bool:
        if len(hashes) < 6:
            return False  # too short to be told apart from its neighbours
        values = np.fromiter(hashes, dtype=np.uint64)
        lowest = ((values[:, None] * self._a + self._b) >> np.uint64(16)).min(0)  # [N_HASHES], modulo 2^64
        bands = [bytes(row) for row in lowest.reshape(N_BANDS, -1)]
        if max(self._kept[i, band] for i, band in enumerate(bands)) >= MAX_CLUSTER:
            return True
        for i, band in enumerate(bands):
            self._kept[i, band] += 1
        return False


def benchmark_shingles(folder: "str | None") -> "set[int]":
    """Shingles of the benchmark data: JSON (lines; .txt too), plain or gzipped, any string of three lines or more."""
    found = set()

    def walk(value):
        if isinstance(value, str):
            found.update(shingles(value.encode()))
        elif isinstance(value, (list, dict)):
            for inner in [*value.keys(), *value.values()] if isinstance(value, dict) else value:
                walk(inner)

    names = glob.glob(os.path.join(folder, "**", "*"), recursive=True) if folder else []
    for path in (name for name in names if re.search(r"\.(jsonl?(\.gz)?|txt)$", name)):
        with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
            text = file.read()
        for piece in text.splitlines() if ".jsonl" in path else [text]:
            if piece.strip():
                walk(json.loads(piece))
    return found


def build(sources: "list[str]", data_dir: str, manifest_path: str, benchmarks: "str | None") -> None:
    seen, near, counts, manifest, files = set(), NearCopies(), collections.Counter(), {}, {}
    bench = benchmark_shingles(benchmarks)
    opened = []
    for path in sources:
        try:
            repo, source = open_source(path)
        except (OSError, subprocess.CalledProcessError, ValueError, KeyError) as error:
            print(f"{path}: cannot be read ({error}); left out", flush=True)
            continue
        if side_of(repo):
            opened.append((side_of(repo), repo, source))
    # Held-out first, so that a file present on both sides stays on that side.
    for side, repo, source in sorted(opened, key=lambda entry: entry[:2]):
        by_folder, notice = licences(source)
        sizes, n_files, used = collections.Counter(), 0, collections.Counter()
        for lang, name, data, spdx in scan(source, seen, counts):
            marks = shingles(data)
            if side == "train" and len(marks & bench) > MAX_BENCHMARK_HITS:
                counts["benchmark text"] += 1
                continue
            if side == "train" and near.is_one_too_many(marks):
                counts["near duplicate"] += 1
                continue
            key = (side, lang)
            if key not in files:
                os.makedirs(os.path.join(data_dir, side), exist_ok=True)
                files[key] = open(os.path.join(data_dir, side, lang + ".bin"), "wb")
            files[key].write(b"\0" + repo.encode() + b"\1" + name.encode() + b"\2" + data)
            sizes[lang] += len(data)
            n_files += 1
            used[spdx] += 1
        # Several packages may come from one repository.
        manifest[repo if repo not in manifest else f"{repo} ({source.commit})"] = {
            "side": side, "commit": source.commit, "licence": by_folder.get("") or (used.most_common(1) or [("unknown",)])[0][0], "copyright": notice,
            "files": n_files, "bytes": dict(sizes.most_common()),
            **({"folderLicences": dict(used)} if len(used) > 1 else {}),
        }
        print(f"{side:5} {repo:40} {', '.join(used) or 'unknown':12} {n_files:5} files {sum(sizes.values()) / 1e6:6.1f} MB", flush=True)
    for file in files.values():
        file.close()
    with open(manifest_path, "w") as file:
        json.dump({"repositories": dict(sorted(manifest.items())), "counts": dict(counts.most_common())}, file, indent=1)
        file.write("\n")
    print(dict(counts.most_common()))


def records(data_dir: str, side: str, lang: str) -> "list[tuple[str, str, bytes]]":
    """(repo, path, content) of every file of one language; empty when the language is absent."""
    path = os.path.join(data_dir, side, lang + ".bin")
    if not os.path.exists(path):
        return []
    with open(path, "rb") as file:
        raw = file.read()
    out = []
    for record in raw.split(b"\0")[1:]:
        head, content = record.split(b"\2", 1)
        repo, name = head.split(b"\1", 1)
        out.append((repo.decode(), name.decode(), content))
    return out


def leaks(data_dir: str, languages: "list[str]") -> dict:
    """Per language: share of held-out shingles that occur in train, and the evaluation files to leave out."""
    report = {}
    for lang in languages:
        hold = [(repo, path, shingles(data)) for repo, path, data in records(data_dir, "hold", lang)]
        wanted = set().union(*(marks for _, _, marks in hold)) if hold else set()
        hit = set()
        for _, _, data in records(data_dir, "train", lang):
            hit |= shingles(data) & wanted
        leaked = [f"{repo}:{path}" for repo, path, marks in hold if len(marks) >= 8 and len(marks & hit) > LEAK_SHARE * len(marks)]
        report[lang] = {"files": len(hold), "shinglesShared": round(len(hit) / max(1, len(wanted)), 5), "leaked": leaked}
    return report


def licence_texts(sources: "list[str]", wanted: "set[str]") -> "dict[str, tuple[str, list[str]]]":
    """Every distinct root licence text of the training sources and who uses it; texts alike but for their copyright
    lines and spacing count as one (those lines are in the table above the texts)."""
    texts = {}
    for path in sources:
        repo, source = open_source(path)
        if repo not in wanted:
            continue
        for name, data in source.read(sorted(p for p in source.sizes if filters.is_licence_file(p) and "/" not in p)):
            text = data.decode("utf-8", "replace").strip()
            body = "\n".join(line for line in text.splitlines() if not re.match(r"\W*copyright", line, re.I))
            key = re.sub(r"\W+", " ", body.lower()).strip()
            texts.setdefault(key, (text, []))[1].append(f"{repo} ({name})")
    return texts


def notices(manifest_path: str, out: str, sources: "list[str]") -> None:
    with open(manifest_path) as file:
        repositories = json.load(file)["repositories"]
    lines = [
        "# Third-party notices for the training corpus", "",
        "The weights in this folder were trained on source files of the repositories below, each under its own",
        "permissive licence. No source text is distributed here. The licence texts follow the table.", "",
        "| repository | licence | copyright | commit |", "|---|---|---|---|",
    ]
    for repo, entry in repositories.items():
        if entry["side"] == "train":
            extra = ", ".join(sorted(set(entry.get("folderLicences", {})) - {entry["licence"]}))
            holder = entry["copyright"].replace("|", "/") or f"the authors of {repo}"
            lines.append(f"| {repo} | {entry['licence']}{f' (parts {extra})' if extra else ''} | {holder} | {entry['commit'][:12]} |")
    trained = {repo for repo, entry in repositories.items() if entry["side"] == "train"}
    for text, users in licence_texts(sources, trained).values():
        lines += ["", "## Licence text used by " + ", ".join(users), "", *("    " + line if line.strip() else "" for line in text.splitlines())]
    with open(out, "w") as file:
        file.write("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=["build", "check", "notices"])
    parser.add_argument("sources", nargs="*")
    parser.add_argument("--data", default=os.environ.get("STET_DATA", "training/data"))
    parser.add_argument("--manifest", default="training/manifest.json")
    parser.add_argument("--benchmarks", help="folder of benchmark data to keep out of train")
    parser.add_argument("--out")
    args = parser.parse_args()
    if args.command == "build":
        build(args.sources, args.data, args.manifest, args.benchmarks)
    elif args.command == "notices":
        notices(args.manifest, args.out, args.sources)
    else:
        report = leaks(args.data, sorted(set(filters.LANGUAGE.values())))
        with open(os.path.join(args.data, "leaks.json"), "w") as file:
            json.dump(report, file, indent=1)
        for lang, entry in report.items():
            print(lang, entry["files"], "held-out files,", f"{100 * entry['shinglesShared']:.2f} % of their shingles in train,", "left out:", entry["leaked"])


if __name__ == "__main__":
    main()

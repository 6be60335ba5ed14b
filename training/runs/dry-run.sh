#!/bin/sh
# The GPU script from end to end on a CPU with a model of about one million parameters, in under three minutes:
# builds a corpus from this repository's own files, packs, starts, goes on with a second archive, decays, evaluates,
# hands out pieces, loses one on the way, asks for it again, receives and exports. Nothing is fetched.
set -eu
cd "$(dirname "$0")/.."
: "${PYTHON:=/usr/bin/python3}"
export PYTHON PYTHONPATH="$PWD" OMP_NUM_THREADS=2 OMP_WAIT_POLICY=passive
root=$(cd .. && pwd)
tmp=$(mktemp -d)
trap 'kill "$(cat "$tmp/training/data/work/trainer.pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$tmp"' EXIT
began=$(date +%s)

# A copy of the kit, so that the dry run leaves nothing in the repository.
mkdir -p "$tmp/training" "$tmp/src/stet+stet" "$tmp/src/exercism+held"
cp -r stetlm runs "$tmp/training/"
for part in server client protocol scripts test training; do
  [ -d "$root/$part" ] && (cd "$root" && find "$part" -name node_modules -prune -o -name data -prune -o -type f \( -name '*.ts' -o -name '*.py' -o -name '*.js' \) -print) |
    while read -r file; do mkdir -p "$tmp/src/stet+stet/$(dirname "$file")" && cp "$root/$file" "$tmp/src/stet+stet/$file"; done
done
cp "$root/LICENSE" "$tmp/src/stet+stet/" && cp "$root/LICENSE" "$tmp/src/exercism+held/"
cp tests/*.py "$tmp/src/exercism+held/" # a held-out side: files of ours that are then left out of training
cp "$root"/protocol/*.ts "$tmp/src/exercism+held/" 2>/dev/null || true

cd "$tmp/training"
export STET_DATA="$tmp/corpus" WORK="$tmp/training/data/work"
export DEVICE=cpu MINUTES=0.4 WAIT_S=10 SMOKE_MINUTES=0.05 SAVE_MINUTES=0.08 POLL_S=1 PIECES=1 ARCHIVE_MIB=0.12 COMPILE="" EVAL_FILES=4 EVAL_THREADS=2
export SHAPE="--d-model 128 --layers 2 --heads 2 --kv-heads 2 --ff 256"
export RECIPE="--context 128 --decay-context 256 --batch-tokens 1024 --micro-rows 4 --warmup-steps 10 --workers 1 --threads 2 --stale-rows 0.2"
$PYTHON -m stetlm.corpus build "$tmp"/src/* --data "$STET_DATA" --manifest "$tmp/manifest.json"
$PYTHON -m stetlm.corpus check --data "$STET_DATA"
$PYTHON -m stetlm.tokenizer train --data "$STET_DATA" --out "$STET_DATA/tokenizer"
sh runs/gpu-30min.sh prepare
mkdir -p data/gpu/b
OUT="$tmp/out1" sh runs/gpu-30min.sh start
OUT="$tmp/out2" sh runs/gpu-30min.sh more
OUT="$tmp/out3" WAIT_S=60 sh runs/gpu-30min.sh finish
rm "$tmp/out3/weights-00.bin"
if sh runs/gpu-30min.sh receive "$tmp/out3" 2> "$tmp/lost.log"; then echo "a lost piece was not noticed"; exit 1; fi
grep -q "collect 0 1" "$tmp/lost.log"
OUT="$tmp/out3" sh runs/gpu-30min.sh collect 0 1
sh runs/gpu-30min.sh receive "$tmp/out3"
grep -q '^finished' data/work/train.log
[ -s data/received/model.safetensors ]
echo "dry run passed in $(($(date +%s) - began)) s"

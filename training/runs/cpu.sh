#!/bin/sh
# The whole CPU run, from repositories to model/: about 3 minutes of preparation, then MINUTES, MORE_MINUTES and
# LAST_MINUTES of training on two cores. Each part goes on from the weights of the one before, with a new decay to nothing.
#   STET_SOURCES="/path/to/owner+name ..." STET_DATA=/path/outside/the/repo training/runs/cpu.sh
# Each step is skipped when its result is there; starting it again goes on from the last saved state.
set -eu
cd "$(dirname "$0")/.."
: "${STET_DATA:=$PWD/data}" "${MINUTES:=72}" "${MORE_MINUTES:=86}" "${LAST_MINUTES:=80}" "${PYTHON:=/usr/bin/python3}"
export STET_DATA PYTHONPATH="$PWD"
# Two single-threaded ranks (stetlm/parallel.py says why), and a malloc that keeps its pages: with the
# defaults every large buffer is mapped anew and a step takes up to twice as long.
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
export MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=4000000000 MALLOC_TOP_PAD_=268435456
if [ ! -d "$STET_DATA/train" ]; then
  # shellcheck disable=SC2086
  $PYTHON -m stetlm.corpus build $STET_SOURCES --data "$STET_DATA" --manifest manifest.json ${STET_BENCHMARKS:+--benchmarks "$STET_BENCHMARKS"}
  $PYTHON -m stetlm.corpus check --data "$STET_DATA"
fi
[ -f "$STET_DATA/tokenizer/tokenizer.json" ] || $PYTHON -m stetlm.tokenizer train --data "$STET_DATA" --out "$STET_DATA/tokenizer"
train() { # folder, minutes, then what differs
  folder=$1 minutes=$2
  shift 2
  nice -n 5 $PYTHON -m stetlm.train --data "$STET_DATA" --out "$STET_DATA/$folder" --minutes "$minutes" \
    --d-model 256 --layers 4 --heads 4 --kv-heads 2 --ff 768 --context 512 --decay-context 1024 --long-share 0.25 --ranks 2 --threads 1 "$@"
}
train run "$MINUTES" --batch-tokens 4096 --matrix-lr 0.02 --embed-lr 0.004 --sampled-until 0.85 --decay-share 0.45
train run2 "$MORE_MINUTES" --batch-tokens 8192 --matrix-lr 0.015 --embed-lr 0.003 --warmup-steps 30 --sampled-until 0.88 --decay-share 0.97 --init "$STET_DATA/run/state.pt"
train run3 "$LAST_MINUTES" --batch-tokens 8192 --matrix-lr 0.012 --embed-lr 0.0025 --warmup-steps 30 --sampled-until 0.88 --decay-share 0.97 --init "$STET_DATA/run2/state.pt"

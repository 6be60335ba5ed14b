#!/bin/sh
# Every figure of the model card: runs/evaluate.sh MODEL_FOLDER, results (one JSON document a line) to $STET_DATA/results.jsonl.
# Two single-threaded processes side by side; about five minutes on two quiet cores.
set -eu
cd "$(dirname "$0")/.."
: "${STET_DATA:=$PWD/data}" "${PYTHON:=/usr/bin/python3}" "${CASES:=300}" "${VARIANT_CASES:=150}"
export PYTHONPATH="$PWD" STET_DATA OMP_NUM_THREADS=1
model=$(cd "$OLDPWD" && cd "$1" && pwd)
out="$STET_DATA/results.jsonl"
rm -f "$out" "$out".1 "$out".2
run() { # part, then the arguments of evaluate
  part=$1
  shift
  $PYTHON -m stetlm.evaluate "$@" --model "$model" --data "$STET_DATA" --threads 1 --json "$out.$part"
}
(
  run 1 infill --cases "$CASES"
  run 1 memory --cases "$VARIANT_CASES"
  run 1 samples --cases 10
  $PYTHON -m stetlm.stale --model "$model" --data "$STET_DATA"
) &
run 2 bpb --ngram
run 2 infill --cases "$CASES" --ngram
run 2 bpb --quantise int8
run 2 bpb --quantise int4
run 2 infill --cases "$VARIANT_CASES" --others
run 2 infill --cases "$VARIANT_CASES" --order psm
run 2 infill --cases "$VARIANT_CASES" --quantise int8
wait
cat "$out.1" "$out.2" > "$out"

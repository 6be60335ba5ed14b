#!/bin/sh
# Every figure of the model card: runs/evaluate.sh MODEL_FOLDER [EARLIER_MODEL_FOLDER], results (one JSON document a line) to $STET_DATA/results.jsonl.
# Two single-threaded processes side by side; about ten minutes on two quiet cores.
set -eu
cd "$(dirname "$0")/.."
: "${STET_DATA:=$PWD/data}" "${PYTHON:=/usr/bin/python3}" "${CASES:=300}" "${VARIANT_CASES:=150}"
export PYTHONPATH="$PWD" STET_DATA OMP_NUM_THREADS=1
model=$(cd "$OLDPWD" && cd "$1" && pwd)
earlier=${2:+$(cd "$OLDPWD" && cd "$2" && pwd)}
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
  run 1 infill --holes arguments --cases "$VARIANT_CASES"
  $PYTHON -m stetlm.stale --model "$model" --data "$STET_DATA"
) &
run 2 bpb --ngram
run 2 infill --cases "$CASES" --ngram
run 2 bpb --quantise int8
run 2 bpb --quantise int4
run 2 infill --cases "$VARIANT_CASES" --others
run 2 infill --cases "$VARIANT_CASES" --order psm
run 2 infill --cases "$CASES" --quantise int8
run 2 infill --holes arguments --cases "$VARIANT_CASES" --ngram
if [ -n "$earlier" ]; then
  model=$earlier
  run 2 bpb
  run 2 infill --cases "$CASES"
  run 2 infill --holes arguments --cases "$VARIANT_CASES"
fi
wait
cat "$out.1" "$out.2" > "$out"

#!/bin/sh
# Every figure of the model card: runs/evaluate.sh MODEL_FOLDER, results (one JSON document a line) to $STET_DATA/results.jsonl.
set -eu
cd "$(dirname "$0")/.."
: "${STET_DATA:=$PWD/data}" "${PYTHON:=/usr/bin/python3}" "${CASES:=300}" "${THREADS:=2}"
export PYTHONPATH="$PWD" STET_DATA OMP_NUM_THREADS="$THREADS" OMP_WAIT_POLICY=passive
out="$STET_DATA/results.jsonl"
rm -f "$out"
run() { $PYTHON -m stetlm.evaluate "$@" --model "$model" --data "$STET_DATA" --threads "$THREADS" --json "$out"; }
model=$1
run bpb --ngram
run bpb --quantise int8
run bpb --quantise int4
run infill --cases "$CASES"
run infill --cases "$CASES" --others
run infill --cases "$CASES" --order psm
run infill --cases "$CASES" --quantise int8
run infill --cases "$CASES" --ngram
run memory --cases 200
run samples --cases 8
$PYTHON -m stetlm.stale --model "$model" --data "$STET_DATA"

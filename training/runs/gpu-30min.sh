#!/bin/sh
# The half hour on one GPU, as five commands; training/README.md ("Runbook") says where and when to run each.
#   prepare            here: packs corpus and tokenizer into training/data/gpu/{a,b}, each small enough for one carry
#   start              there, with gpu/a: unpacks, tests 20 steps, starts the trainer detached, waits, hands out weights
#   more               there, with gpu/b: adds the second archive, waits, hands out weights
#   finish             there: waits for the end of the decay, evaluates, hands out the first pieces
#   collect FIRST N    there: hands out pieces FIRST .. FIRST+N-1
#   receive FOLDER     here: puts the pieces together into training/data/received.pt and exports training/data/received
# The trainer runs in a session of its own, so it outlives the command that started it. Every value can be set from
# outside; runs/dry-run.sh does so to run this very script on a CPU.
set -eu
cd "$(dirname "$0")/.."
: "${PYTHON:=python3}" "${STET_DATA:=$PWD/data}" "${WORK:=$PWD/data/work}" "${OUT:=$PWD/data/out}"
: "${MINUTES:=22}" "${WAIT_S:=540}" "${DEVICE:=cuda}" "${KIND:=int8}" "${PIECES:=4}" "${ARCHIVE_MIB:=52}" "${INIT:=}"
: "${SHAPE:=--d-model 768 --layers 12 --heads 8 --kv-heads 2 --ff 2048}"
: "${RECIPE:=--context 1024 --decay-context 2048 --batch-tokens 524288 --micro-rows 64 --warmup-steps 100 --decay-share 0.2 --matrix-lr 0.02 --embed-lr 0.003 --workers 14 --threads 2}"
: "${COMPILE=--compile}"
export PYTHONPATH="$PWD" STET_DATA

log() { echo "[$(date +%T)] $*"; }

train() { # minutes folder extra...
  minutes=$1 folder=$2
  shift 2
  # shellcheck disable=SC2086
  $PYTHON -u -m stetlm.train --device "$DEVICE" --data "$WORK" --tokenizer "$WORK/tokenizer" --out "$folder" \
    --minutes "$minutes" --save-minutes "${SAVE_MINUTES:-1.5}" $SHAPE $RECIPE "$@"
}

hand_out() { # first piece, number of pieces
  mkdir -p "$OUT"
  cp "$WORK/train.log" "$OUT/" 2>/dev/null || true
  cp "$WORK/run/log.jsonl" "$OUT/" 2>/dev/null || true
  if [ -f "$WORK/run/state.pt" ]; then
    $PYTHON -m stetlm.shards pack --state "$WORK/run/state.pt" --out "$OUT" --kind "$KIND" --first "$1" --count "$2"
  else
    log "no state saved yet: see train.log"
  fi
}

wait_for_trainer() { # seconds; ends early when the trainer has ended
  end=$(($(date +%s) + $1))
  while [ "$(date +%s)" -lt "$end" ]; do
    if grep -q "^finished" "$WORK/train.log" 2>/dev/null; then return 0; fi
    if ! kill -0 "$(cat "$WORK/trainer.pid")" 2>/dev/null; then
      log "the trainer has stopped before its end; its last lines:"
      tail -5 "$WORK/train.log"
      log "run 'start' again: it goes on from the last saved state"
      return 0
    fi
    sleep "${POLL_S:-5}"
  done
}

launch() {
  # The child repeats this script with the hidden command `_train`; setsid frees it from the command's process group.
  MINUTES=$MINUTES COMPILE=$1 setsid nohup sh runs/gpu-30min.sh _train >> "$WORK/train.log" 2>&1 < /dev/null &
  echo $! > "$WORK/trainer.pid"
  log "trainer started, $MINUTES min"
}

case "${1:-}" in
prepare)
  rm -rf data/gpu
  mkdir -p data/gpu/a data/gpu/b
  $PYTHON -m stetlm.shards text --data "$STET_DATA" --out data/gpu/all --mib "$ARCHIVE_MIB"
  for archive in data/gpu/all/*.xz; do
    case "$archive" in *text-0.xz) mv "$archive" data/gpu/a/ ;; *text-1.xz) mv "$archive" data/gpu/b/ ;; *) log "left here (no carry for it): $archive" ;; esac
  done
  mkdir -p data/gpu/a/tokenizer
  cp "$STET_DATA"/tokenizer/tokenizer*.json data/gpu/a/tokenizer/
  [ -f "$STET_DATA/leaks.json" ] && cp "$STET_DATA/leaks.json" data/gpu/a/
  [ -n "$INIT" ] && cp "$INIT" data/gpu/a/init.pt
  du -sh data/gpu/a data/gpu/b
  ;;
start)
  mkdir -p "$WORK"
  cp -r data/gpu/a/tokenizer "$WORK/"
  cp data/gpu/a/leaks.json "$WORK/" 2>/dev/null || true
  $PYTHON -m stetlm.shards untext --dir data/gpu/a --data "$WORK"
  compile=$COMPILE
  if [ ! -f "$WORK/run/state.pt" ]; then
    log "smoke test"
    # shellcheck disable=SC2086
    if ! train "${SMOKE_MINUTES:-0.7}" "$WORK/smoke" $COMPILE > "$WORK/smoke.log" 2>&1; then
      log "it failed with '$COMPILE'; without:"
      tail -3 "$WORK/smoke.log"
      compile=""
      train "${SMOKE_MINUTES:-0.7}" "$WORK/smoke" > "$WORK/smoke.log" 2>&1 || { tail -20 "$WORK/smoke.log"; exit 1; }
    fi
    tail -2 "$WORK/smoke.log"
    rm -rf "$WORK/smoke"
  fi
  launch "$compile"
  wait_for_trainer "$WAIT_S"
  tail -3 "$WORK/train.log"
  hand_out 0 "$PIECES"
  ;;
_train)
  # shellcheck disable=SC2086
  if [ -f data/gpu/a/init.pt ]; then train "$MINUTES" "$WORK/run" $COMPILE --init data/gpu/a/init.pt; else train "$MINUTES" "$WORK/run" $COMPILE; fi
  ;;
more)
  $PYTHON -m stetlm.shards untext --dir data/gpu/b --data "$WORK"
  wait_for_trainer "$WAIT_S"
  tail -3 "$WORK/train.log"
  hand_out 0 "$PIECES"
  ;;
finish)
  wait_for_trainer "$WAIT_S"
  tail -3 "$WORK/train.log"
  $PYTHON -m stetlm.export --state "$WORK/run/state.pt" --tokenizer "$WORK/tokenizer" --out "$WORK/model" --name "${NAME:-stet}" --version "${VERSION:-1.0.0}"
  $PYTHON -m stetlm.evaluate bpb --model "$WORK/model" --data "$WORK" --files "${EVAL_FILES:-40}" --threads "${EVAL_THREADS:-14}" --json "$WORK/eval.jsonl" || log "evaluation failed; the weights are what matters"
  hand_out 0 "$PIECES"
  cp "$WORK/eval.jsonl" "$OUT/" 2>/dev/null || true
  ;;
collect)
  hand_out "$2" "$3"
  ;;
receive)
  $PYTHON -m stetlm.shards join --dir "$2" --out data/received.pt
  $PYTHON -m stetlm.export --state data/received.pt --tokenizer "$STET_DATA/tokenizer" --out data/received --name "${NAME:-stet}" --version "${VERSION:-1.0.0}"
  ;;
*)
  sed -n '2,11p' "$0"
  exit 2
  ;;
esac

#!/usr/bin/env bash
# The training step of bench/train-step.ts and bench/train-step.py, one thread each, taken in turns; best of N each.
# In turns, because a shared machine changes its speed from minute to minute: only the ratio within one run means something.
# Needs Debian's python3-torch. Prints one line of JSON; ratio > 1 means faster than PyTorch.
#
#   bash bench/compare-train-step.sh [batch=16] [channels=96] [size=16] [steps=10] [rounds=3]
set -euo pipefail
cd "$(dirname "$0")/.."
shape=("${1:-16}" "${2:-96}" "${3:-16}" "${4:-10}")
rounds=${5:-3}
python=${PYTHON:-/usr/bin/python3}
export THREADS=1

ours=()
theirs=()
for ((i = 0; i < rounds; i++)); do
  ours+=("$(node --import tsx bench/train-step.ts "${shape[@]}")")
  theirs+=("$("$python" bench/train-step.py "${shape[@]}")")
done
printf '%s\n' "${ours[@]}" "${theirs[@]}" | node -e '
  const lines = require("node:fs").readFileSync(0, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const best = (what) => Math.min(...lines.filter((line) => line.what === what).map((line) => line.ms));
  const [joker, pytorch] = [best("joker"), best("pytorch")];
  const shape = process.argv.slice(1, 4).join(" ");
  console.log(JSON.stringify({ shape, joker_ms: joker, pytorch_ms: pytorch, ratio: +(pytorch / joker).toFixed(2) }));
' "${shape[@]}"

#!/usr/bin/env bash
# The distillation step of bench/field-step.ts and bench/field-step.py, taken in turns with one and two threads; best of N each.
# In turns, because a shared machine changes its speed from minute to minute: only the ratio within one run means something.
# Needs Debian's python3-torch. Prints one line of JSON per number of threads, wall and processor time; ratio > 1 means faster
# than PyTorch. Fails when the two losses for the same weights differ by more than 1e-4.
#
#   bash bench/compare-field.sh [rounds=3] [threads=1 2]
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-3}
python=${PYTHON:-/usr/bin/python3}
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

for threads in ${2:-1 2}; do
  export THREADS=$threads
  lines=()
  for ((i = 0; i < rounds; i++)); do
    lines+=("$(OUT=$folder node --import tsx bench/field-step.ts)")
    lines+=("$("$python" bench/field-step.py "$folder")")
  done
  printf '%s\n' "${lines[@]}" | node -e '
    const lines = require("node:fs").readFileSync(0, "utf8").trim().split("\n").map((line) => JSON.parse(line));
    const of = (what) => lines.filter((line) => line.what === what);
    const best = (what, key) => Math.min(...of(what).map((line) => line[key]));
    const losses = [of("joker")[0].loss, of("pytorch")[0].loss];
    const out = { threads: lines[0].threads, losses };
    for (const key of ["ms", "cpu_ms"]) {
      out[`joker_${key}`] = best("joker", key);
      out[`pytorch_${key}`] = best("pytorch", key);
      out[`ratio_${key}`] = +(best("pytorch", key) / best("joker", key)).toFixed(2);
    }
    console.log(JSON.stringify(out));
    if (Math.abs(losses[0] - losses[1]) > 1e-4) process.exit(1);
  '
done

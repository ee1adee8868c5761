#!/usr/bin/env bash
# The guided noise prediction of bench/guided-view.ts and bench/guided-view.py, one thread each, taken in turns; best of N each.
# In turns, because a shared machine changes its speed from minute to minute: only the ratio within one run means something.
# Needs Debian's python3-torch. Prints one line of JSON; ratio > 1 means faster than PyTorch.
#
#   bash bench/compare-guided-view.sh [views=4] [repeat=10] [rounds=3]
set -euo pipefail
cd "$(dirname "$0")/.."
views=${1:-4}
repeat=${2:-10}
rounds=${3:-3}
python=${PYTHON:-/usr/bin/python3}
export THREADS=1
shared=$(mktemp -d)
trap 'rm -rf "$shared"' EXIT

ours=()
theirs=()
for ((i = 0; i < rounds; i++)); do
  ours+=("$(node --import tsx bench/guided-view.ts --views "$views" --repeat "$repeat" --write "$shared/case.safetensors")")
  theirs+=("$("$python" bench/guided-view.py "$shared/case.safetensors" "$repeat")")
done
printf '%s\n' "${ours[@]}" "${theirs[@]}" | node -e '
  const lines = require("node:fs").readFileSync(0, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const best = (what) => Math.min(...lines.filter((line) => line.what === what).map((line) => line.ms));
  const [joker, pytorch] = [best("joker"), best("pytorch")];
  const difference = Math.max(...lines.map((line) => line.difference ?? 0));
  console.log(JSON.stringify({ joker_ms: joker, pytorch_ms: pytorch, ratio: +(pytorch / joker).toFixed(2), difference }));
'

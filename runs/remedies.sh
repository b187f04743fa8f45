#!/usr/bin/env bash
# What the remedies against copying cost and bring: filtered generation and private training beside plain ones, on 200
# phantoms of 32^3 (160 trained on), each with an evaluation and an audit of 100 bones. The autoencoder learns from other
# phantoms, so that the guarantee of private training covers all that the bones are made of.
# The table ends in OUT/table.md. Usage: runs/remedies.sh [OUT] [STEPS] [THREADS]; goes on where it stopped (another number of
# steps needs another OUT). About half an hour of a core.
set -euo pipefail
cd "$(dirname "$0")/.."
steps=${2:-200}
out=${1:-runs/out/remedies-$steps}
threads=${3:-$(nproc)}
cranioflow() { node dist/cli/main.js "$@"; }
npm run --silent build

[ -f "$out/data/dataset.json" ] || cranioflow phantom --out "$out/data" --count 200 --grid 32 --seed 51
[ -f "$out/others/dataset.json" ] || cranioflow phantom --out "$out/others" --count 200 --grid 32 --seed 52
cranioflow train autoencoder --data "$out/others" --out "$out/autoencoder" --preset tiny --resume --no-report --threads "$threads"

# One small network, one budget: batches of 40 (private ones: of 40 on average), two points a subject.
network="--set model.width=8 --set model.groups=4 --set model.headChannels=8 --set copies=0 --set batch=40 --set learningRate=0.003
  --set warmup=5 --set evaluateEvery=100 --set checkpointEvery=100 --set seed=0"
train() {
  local name=$1
  shift
  # shellcheck disable=SC2086 # the settings are words
  cranioflow train generator --data "$out/data" --autoencoder "$out/autoencoder" --out "$out/runs/$name" --preset tiny --resume \
    --no-report --threads "$threads" $network "$@"
}
measure() {
  local name=$1 run=$2
  shift 2
  local set="$out/sets/$name"
  [ -f "$set/audit/audit.json" ] && return
  cranioflow generate --run "$out/runs/$run" --count 100 --seed 7 --guidance 1 --out "$set/bones" --format none --threads "$threads" "$@"
  cranioflow evaluate --real "$out/data" --train "$out/data" --fake "$set/bones" --out "$set"
  cranioflow audit --run "$out/runs/$run" --data "$out/data" --fake "$set/bones" --out "$set/audit" --threads "$threads" ||
    [ $? -eq 3 ]
}
train plain --set "steps=$steps"
measure plain plain
measure candidates-4 plain --candidates 4 --data "$out/data"
measure candidates-16 plain --candidates 16 --data "$out/data"
train long --set "steps=$((10 * steps))"
measure long long
measure long-candidates-4 long --candidates 4 --data "$out/data"
for epsilon in 50 8 1; do
  train "dp-$epsilon" --set "steps=$steps" --dp-epsilon "$epsilon" --set dp.multiplicity=2
  measure "dp-$epsilon" "dp-$epsilon"
done
node runs/remedies-table.mjs "$out/sets" plain candidates-4 candidates-16 long long-candidates-4 dp-50 dp-8 dp-1 > "$out/table.md"
cat "$out/table.md"

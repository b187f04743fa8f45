#!/usr/bin/env bash
# What helps a generator that has 28 training cases: one autoencoder, one generator a remedy and seed, each measured against
# held-out bones. mandibles: real ones at 4 mm, 7 held out; phantoms: 32^3, 172 held out, so that the figures are steady.
# The table ends in OUT/table.md. Mandibles: tcia-ct-scan-dataset (DeepMind; CC BY 4.0), read from ../shared/data.
# Usage: runs/small-data.sh mandibles|phantoms [OUT] [SEEDS] [JOBS]; JOBS trainings run beside each other, a thread each
# (networks as small as these gain little from a second thread). About 4 minutes of a core for each remedy and seed.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:?mandibles or phantoms}
out=${2:-runs/out/small-$kind}
seeds=${3:-2}
jobs=${4:-$(nproc)}
data=../shared/data/tcia_mandibles_CC-BY-4.0
cranioflow() { node dist/cli/main.js "$@"; }
npm run --silent build

case $kind in
  mandibles)
    [ -d "$data" ] || { echo "missing: $data (the mandible masks; see docs/results/README.md)" >&2; exit 1; }
    [ -f "$out/data/dataset.json" ] || cranioflow ingest "$data/nrrds/test/oncologist" "$data/nrrds/validation/oncologist" \
      --out "$out/data" --grid 36x28x28 --spacing 4 --seed 1 --keep-names --no-pictures \
      --subject-pattern '(0522c\d+|TCGA-CV-\w+)' \
      --align-to "$data/nrrds/test/oncologist/0522c0629/segmentations/Mandible.nrrd" \
      --name 'TCIA mandibles, oncologist' --bone mandible --licence 'CC BY 4.0' \
      --attribution 'TCIA head-and-neck CT, segmented for Nikolov et al. 2018; https://github.com/deepmind/tcia-ct-scan-dataset' ;;
  phantoms)
    [ -f "$out/data/dataset.json" ] ||
      cranioflow phantom --out "$out/data" --count 200 --grid 32 --seed 31 --test-share 0.86 ;;
  *)
    echo "not a kind of bone: $kind (mandibles, phantoms)" >&2
    exit 2 ;;
esac
cranioflow train autoencoder --data "$out/data" --out "$out/autoencoder" --preset tiny --resume --no-report \
  --set steps=500 --set model.codes=256 --set augment.shift=1 --set augment.rotation=8 --set augment.scale=0.08 --set augment.flip=true

# name: settings over the plain training (no copies of the cases, means of channels, the last weights)
plain="--set copies=0 --set steps=900 --set evaluateEvery=100 --set checkpointEvery=300"
volume="--set copies=8 --set augment.shift=0.5 --set augment.rotation=4 --set augment.scale=0.05 --set augment.flip=true"
declare -A remedies=(
  [plain]=""
  [volume]="$volume"
  [latent-noise]="--set latents.noise=0.15"
  [latent-mix]="--set latents.mix=0.5"
  [mean-shape]="--set latents.centre=shape"
  [ema-short]="--set ema=0.98"
  [keep-loss]="--set keep.by=loss"
  [keep-recall]="--set keep.by=recall"
  [volume+noise]="$volume --set latents.noise=0.15"
  [volume+mix]="$volume --set latents.mix=0.5"
)
order="plain volume latent-noise latent-mix mean-shape ema-short keep-loss keep-recall volume+noise volume+mix"
one() {
  local name=$1 seed=$2
  local run="$out/$name-$seed"
  [ -f "$run/evaluation.json" ] && return
  # shellcheck disable=SC2086 # the settings are words
  cranioflow train generator --data "$out/data" --autoencoder "$out/autoencoder" --out "$run" --preset tiny --resume \
    --no-report --threads 1 --set seed=$seed $plain ${remedies[$name]}
  cranioflow generate --run "$run" --count 100 --seed 7 --guidance 1 --out "$run/set" --format none --threads 1
  cranioflow evaluate --real "$out/data" --train "$out/data" --fake "$run/set" --json > "$run/evaluation.tmp"
  mv "$run/evaluation.tmp" "$run/evaluation.json"
}
running=0
for ((seed = 0; seed < seeds; seed++)); do
  for name in $order; do
    if ((running == jobs)); then
      wait -n
      running=$((running - 1))
    fi
    one "$name" "$seed" &
    running=$((running + 1))
  done
done
while ((running > 0)); do
  wait -n
  running=$((running - 1))
done
node runs/small-data-table.mjs "$out" $order > "$out/table.md"
cat "$out/table.md"

#!/usr/bin/env bash
# Real mandibles, end to end: 35 masks from head-and-neck CT -> dataset -> autoencoder -> OTFM -> new mandibles -> report.
# Data: tcia-ct-scan-dataset (DeepMind; CC BY 4.0), read from ../shared/data. About 36 minutes on 2 cores.
# Usage: runs/mandibles.sh [OUT]
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-runs/out/mandibles}
data=../shared/data/tcia_mandibles_CC-BY-4.0
[ -d "$data" ] || { echo "missing: $data (the mandible masks; see docs/results/README.md)" >&2; exit 1; }
cranioflow() { node dist/cli/main.js "$@"; }
npm run --silent build

# One annotator; two scans of one patient are two cases of one subject. Every jaw is turned to the pose of one of them (never scaled).
cranioflow ingest "$data/nrrds/test/oncologist" "$data/nrrds/validation/oncologist" --out "$out/data" \
  --grid 72x56x56 --spacing 2 --seed 1 --keep-names --no-pictures --subject-pattern '(0522c\d+|TCGA-CV-\w+)' \
  --align-to "$data/nrrds/test/oncologist/0522c0629/segmentations/Mandible.nrrd" \
  --name 'TCIA mandibles, oncologist' --bone mandible --licence 'CC BY 4.0' \
  --attribution 'TCIA head-and-neck CT, segmented for Nikolov et al. 2018; https://github.com/deepmind/tcia-ct-scan-dataset'
cranioflow train autoencoder --data "$out/data" --out "$out/autoencoder" --preset small --config runs/mandibles.autoencoder.yaml --resume
cranioflow train generator --data "$out/data" --autoencoder "$out/autoencoder" --out "$out/generator" \
  --preset small --config runs/mandibles.generator.yaml --resume
cranioflow generate --run "$out/generator" --count 28 --seed 7 --guidance 1 --out "$out/generated" --format nrrd,stl
cranioflow evaluate --real "$out/data" --train "$out/data" --fake "$out/generated" --json > "$out/evaluation.json"
cranioflow report --run "$out/generator" --data "$out/data" --fake "$out/generated" --evaluation "$out/evaluation.json"
echo "report: $out/generator/report.html" >&2

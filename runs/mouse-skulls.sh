#!/usr/bin/env bash
# Real whole skulls, end to end: 51 mouse skulls from micro-CT -> dataset -> autoencoder -> OTFM -> new skulls -> report.
# Data: mouse_CT_atlas (GPL-3), read from ../shared/data. About 28 minutes on 2 cores.
# Usage: runs/mouse-skulls.sh [OUT]
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-runs/out/mouse-skulls}
data=../shared/data/mouse_skull_microct_GPL-3
[ -d "$data" ] || { echo "missing: $data (the mouse micro-CT; see docs/results/README.md)" >&2; exit 1; }
cranioflow() { node dist/cli/main.js "$@"; }
npm run --silent build

# Otsu's threshold; a voxel of 0.32 mm is bone from a share of 0.35 on, for bone thinner than a voxel; necks may be cut.
cranioflow ingest "$data/targets" --out "$out/data" --grid 48x80x40 --spacing 0.32 --seed 1 --keep-names --no-pictures \
  --threshold otsu --components 1 --frame principal --align-to "$data/targets/TALLYHO_JNGJ_.nii.gz" --cut 0.35 --max-cut 0.1 \
  --name 'mouse skulls, micro-CT' --bone 'mouse skull' --licence 'GPL-3.0' \
  --attribution 'M. Maga, mouse_CT_atlas; https://github.com/muratmaga/mouse_CT_atlas'
cranioflow train autoencoder --data "$out/data" --out "$out/autoencoder" --preset small --config runs/mouse-skulls.autoencoder.yaml --resume
cranioflow train generator --data "$out/data" --autoencoder "$out/autoencoder" --out "$out/generator" \
  --preset small --config runs/mouse-skulls.generator.yaml --resume
cranioflow generate --run "$out/generator" --count 40 --seed 7 --guidance 1 --out "$out/generated" --format nrrd,stl
cranioflow evaluate --real "$out/data" --train "$out/data" --fake "$out/generated" --json > "$out/evaluation.json"
cranioflow report --run "$out/generator" --data "$out/data" --fake "$out/generated" --evaluation "$out/evaluation.json"
echo "report: $out/generator/report.html" >&2

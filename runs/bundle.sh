#!/usr/bin/env bash
# The bundled generator: 1,200 phantom skulls at 64^3, the `small` preset, weights in half precision under assets/.
# About 90 minutes on 2 cores. Usage: runs/bundle.sh [OUT]
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-runs/out/bundle}
cranioflow() { node dist/cli/main.js "$@"; }
npm run --silent build

cranioflow phantom --out "$out/data" --count 1200 --grid 64 --seed 1
cranioflow train autoencoder --data "$out/data" --out "$out/autoencoder" --preset small --resume
cranioflow train generator --data "$out/data" --autoencoder "$out/autoencoder" --out "$out/generator" --preset small \
  --set copies=0 --resume
cranioflow export --run "$out/generator" --half --out assets/phantom-small

#!/usr/bin/env bash
# Audits of the main sets of studies that runs/compare.sh made: may what a generator of real bones made be shared?
# The table goes to docs/results/audit/README.md. Usage: runs/audits.sh KIND...   (phantoms-tiny, phantoms, mandibles, mouse-skulls)
set -euo pipefail
cd "$(dirname "$0")/.."
out=runs/out/audits
npm run --silent build
for kind in "$@"; do
  study=runs/out/compare-$kind/study
  [ -f "$study/compare.json" ] || { echo "missing: $study/compare.json (run runs/compare.sh $kind)" >&2; exit 1; }
  for set in "$study"/sets/otfm-seed0-heun16-guidance1.5 "$study"/sets/ddpm-seed0-ddim32-guidance1.5; do
    name=$(basename "$set")
    run=$study/runs/${name%%-seed0*}-seed0
    [ "$out/$kind/$name/audit.json" -nt "$set/dataset.json" ] && continue
    node dist/cli/main.js audit --run "$run" --data "runs/out/compare-$kind/data" --fake "$set" --out "$out/$kind/$name" ||
      [ $? -eq 3 ]
  done
done
mkdir -p docs/results/audit
# Of all kinds that were audited so far, not only those of now.
# shellcheck disable=SC2046 # names of kinds have no spaces
node runs/audits-table.mjs "$out" $(cd "$out" && ls -d */ | tr -d /) > "$out/README.tmp"
mv "$out/README.tmp" docs/results/audit/README.md

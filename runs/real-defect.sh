#!/usr/bin/env bash
# A real frontal defect, end to end: phantoms -> a completer trained on them -> the head CT of ../shared/data with its hole ->
# implants by the network and by mirroring, with pictures. What the bone was before is not known, so nothing is measured;
# phantoms are far from a real skull, so the network's implant shows that the tool works, and the mirrored one is the better
# surface. Goes on where it stopped. A step of the training takes 0.7 s on one core at 64^3 (3,500 of them; 1.4 s
# where the other core is busy too), 0.5 s at 32^3 (600).
# Usage: runs/real-defect.sh [OUT] [PRESET]      PRESET: small (64^3, 3.75 mm) or tiny (32^3, 7.5 mm)
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-runs/out/real-defect}
preset=${2:-small}
ct=../shared/data/invesalius_cranium_GPL-2/cranium_ct.nii.gz
[ -f "$ct" ] || { echo "missing: $ct (see docs/results/README.md)" >&2; exit 1; }
grid=64
[ "$preset" = tiny ] && grid=32
cranioflow() { node dist/cli/main.js "$@"; }
npm run --silent build

[ -f "$out/data-$grid/dataset.json" ] || cranioflow phantom --out "$out/data-$grid" --count 400 --grid "$grid" --seed 1
cranioflow task complete train --data "$out/data-$grid" --out "$out/completer-$preset" --preset "$preset" --resume
# Where the hole is, LPS mm in the scan's own axes (which are assumed): the network would mend more than that.
region=68,122,148,203,70,136
cranioflow task complete apply "$ct" --run "$out/completer-$preset" --region "$region" --out "$out/unet-$preset"
cranioflow task complete apply "$ct" --method mirror --out "$out/mirror"

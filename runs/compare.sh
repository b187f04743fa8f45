#!/usr/bin/env bash
# OTFM against DDPM on one kind of bone: dataset -> autoencoder -> both arms over seeds and shares -> compare.html, compare.json.
# phantoms: 1,200 phantom skulls of 64^3 with the bundled autoencoder; phantoms-tiny: 200 of 32^3; mandibles: 35 jaws of 34 patients at
# 4 mm; mouse-skulls: 51 strains at 0.48 mm (data as in mandibles.sh and mouse-skulls.sh). Goes on where it stopped.
# With -v behind the kind DDPM predicts v instead of the noise, on the data and autoencoder of that kind, without shares.
# Usage: runs/compare.sh phantoms|phantoms-tiny|mandibles|mouse-skulls[-v] [OUT] [THREADS]
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:?phantoms, phantoms-tiny, mandibles or mouse-skulls}
out=${2:-runs/out/compare-${kind%-v}}
threads=${3:-$(nproc)}
shared=../shared/data
cranioflow() { node dist/cli/main.js "$@"; }
npm run --silent build

study="$out/study"
if [[ $kind == *-v ]]; then
  kind=${kind%-v}
  study="$out/study-v"
fi
data="$out/data"
options=(--config "runs/compare-$kind.yaml")
made() { [ -f "$data/dataset.json" ]; }
needs() { [ -d "$1" ] || { echo "missing: $1 (see docs/results/README.md)" >&2; exit 1; }; }
case $kind in
  phantoms-tiny)
    made || cranioflow phantom --out "$data" --count 200 --grid 32 --seed 11
    options=(--preset tiny) ;;
  phantoms)
    made || cranioflow phantom --out "$data" --count 1200 --grid 64 --seed 1
    options=(--preset small "${options[@]}" --autoencoder assets/phantom-small) ;;
  mandibles)
    bones="$shared/tcia_mandibles_CC-BY-4.0/nrrds"
    needs "$bones"
    made || cranioflow ingest "$bones/test/oncologist" "$bones/validation/oncologist" --out "$data" \
      --grid 36x28x28 --spacing 4 --seed 1 --test-share 0.4 --keep-names --no-pictures \
      --subject-pattern '(0522c\d+|TCGA-CV-\w+)' \
      --align-to "$bones/test/oncologist/0522c0629/segmentations/Mandible.nrrd" \
      --name 'TCIA mandibles, oncologist' --bone mandible --licence 'CC BY 4.0' \
      --attribution 'TCIA head-and-neck CT, segmented for Nikolov et al. 2018; https://github.com/deepmind/tcia-ct-scan-dataset'
    options=(--preset tiny "${options[@]}") ;;
  mouse-skulls)
    bones="$shared/mouse_skull_microct_GPL-3/targets"
    needs "$bones"
    made || cranioflow ingest "$bones" --out "$data" --grid 32x52x28 --spacing 0.48 --seed 1 --test-share 0.4 \
      --keep-names --no-pictures --threshold otsu --components 1 --frame principal \
      --align-to "$bones/TALLYHO_JNGJ_.nii.gz" --cut 0.35 --max-cut 0.1 \
      --name 'mouse skulls, micro-CT' --bone 'mouse skull' --licence 'GPL-3.0' \
      --attribution 'M. Maga, mouse_CT_atlas; https://github.com/muratmaga/mouse_CT_atlas'
    options=(--preset tiny "${options[@]}") ;;
  *)
    echo "not a kind of bone: $kind (phantoms, phantoms-tiny, mandibles, mouse-skulls)" >&2
    exit 2 ;;
esac
if [[ $study == *-v ]]; then
  options+=(--set generator.diffusion.prediction=v --set "shares=[]")
  # The autoencoder of the first study where it trained one: the two studies then differ in what DDPM predicts alone.
  [ "$kind" = phantoms ] || options+=(--autoencoder "$out/study/autoencoder")
fi
cranioflow compare --data "$data" --out "$study" --threads "$threads" "${options[@]}"

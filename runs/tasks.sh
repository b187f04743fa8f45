#!/usr/bin/env bash
# What synthetic bones are worth in the two tasks, on one kind of bone: generators -> task study -> task-study.html, .json, .md.
# mandibles, mouse-skulls: data and generators of runs/compare.sh KIND and KIND-v (run them first): OTFM, and DDPM that predicts
# v. phantoms: 200 complete phantoms of 32^3, their own autoencoder and generators. Goes on where it stopped.
# Usage: runs/tasks.sh phantoms|mandibles|mouse-skulls [OUT] [THREADS] [more settings as --set ..]
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:?phantoms, mandibles or mouse-skulls}
out=${2:-runs/out/tasks-$kind}
threads=${3:-$(nproc)}
shift $(($# < 3 ? $# : 3))
cranioflow() { node dist/cli/main.js "$@"; }
npm run --silent build

case $kind in
  phantoms)
    data="$out/data"
    [ -f "$data/dataset.json" ] || cranioflow phantom --out "$data" --count 200 --grid 32 --seed 21 --quality 6
    cranioflow train autoencoder --data "$data" --out "$out/autoencoder" --preset tiny --resume --no-report --threads "$threads"
    for objective in otfm ddpm; do
      cranioflow train generator --data "$data" --autoencoder "$out/autoencoder" --out "$out/$objective" --preset tiny --resume \
        --no-report --threads "$threads" --objective $objective --set diffusion.steps=300 --set diffusion.prediction=v
    done
    otfm="$out/otfm"
    ddpm="$out/ddpm" ;;
  mandibles | mouse-skulls)
    compare="runs/out/compare-$kind"
    data="$compare/data"
    otfm="$compare/study/runs/otfm-seed0"
    ddpm="$compare/study-v/runs/ddpm-seed0"
    for folder in "$data" "$otfm" "$ddpm"; do
      [ -d "$folder" ] || { echo "missing: $folder (run runs/compare.sh $kind and $kind-v first)" >&2; exit 1; }
    done ;;
  *)
    echo "not a kind of bone: $kind (phantoms, mandibles, mouse-skulls)" >&2
    exit 2 ;;
esac
cranioflow task study --data "$data" --synthetic "otfm=$otfm" --synthetic "ddpm=$ddpm" --out "$out/study" --threads "$threads" \
  --config runs/tasks.yaml --preset tiny "$@"

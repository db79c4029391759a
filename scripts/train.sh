#!/usr/bin/env bash
# Makes the bundled model codes-n-640 anew: pictures, training, packages, and its figures on a data set if one is given.
# Interrupted, it goes on where it was.
#   train.sh [DATA]   a data set for training/evaluate.py
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/training
photos=$out/photos

mkdir -p "$out"
training/photos.sh "$PWD/$photos"
OMP_NUM_THREADS=1 .venv/bin/python training/train.py --out "$out" --photos "$photos"
.venv/bin/python training/export.py "$out/codes-n.pt" models/codes-n-640 --photos "$photos"
if [[ -n ${1:-} ]]; then
    scripts/python-package.sh
    .venv/bin/python training/evaluate.py --data "$1"
fi

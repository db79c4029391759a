#!/usr/bin/env bash
# Makes the bundled model codes-n-640 anew: photos, training, packages, and its figures on a data set if one is given.
# Interrupted, it goes on where it was; what is trained already is used.
#   train.sh [DATA]   a data set for training/evaluate.py
set -euo pipefail
cd "$(dirname "$0")/.."
data=${1:-}
out=build/training
photos=$out/photos
weights=$out/codes-n.pt

if [[ -n $data && ! -f $data/labels.json ]]; then
    echo "error: $data/labels.json is no file, so there is nothing to measure on" >&2
    exit 1
fi
mkdir -p "$out"
training/photos.sh "$PWD/$photos"
if [[ -f $weights ]]; then
    echo "$weights is trained already; delete it to train anew" >&2
else
    OMP_NUM_THREADS=1 .venv/bin/python training/train.py --out "$out" --photos "$photos"
fi
.venv/bin/python training/export.py "$weights" models/codes-n-640 --photos "$photos"
scripts/python-package.sh
[[ -z $data ]] || .venv/bin/python training/evaluate.py --data "$data"

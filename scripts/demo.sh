#!/usr/bin/env bash
# A first look: describes this machine, explains the choice of a backend, and finds codes in a picture, with the program
# and from Python. Model and picture come with the product.
set -euo pipefail
cd "$(dirname "$0")/.."
program=.venv/bin/inference-models
pictures=(examples/pictures/*.jpg)
picture=${pictures[0]}

show() {
    printf '\n$ %s\n' "$*"
    "$@"
}

show "$program" describe-runtime
show "$program" explain codes-n-640
show "$program" predict codes-n-640 "$picture" --save build/demo
printf '\nThe annotated picture: %s\n' "$PWD/build/demo/${picture##*/}"
show .venv/bin/python -c "
from inference_models import AutoModel
model = AutoModel.from_pretrained('codes-n-640')
print(model('$picture'))"

#!/usr/bin/env bash
# A first look: describes this machine, explains the choice of a backend, and finds objects on a real photo, with the
# program and from Python.
#   demo.sh DATA   a directory with models/yolov8n-640 and images/bus.jpg
set -euo pipefail
cd "$(dirname "$0")/.."
program=.venv/bin/inference-models
model=$1/models/yolov8n-640
photo=$1/images/bus.jpg

show() {
    printf '\n$ %s\n' "$*"
    "$@"
}

show "$program" describe-runtime
if [[ ! -d $model || ! -f $photo ]]; then
    printf '\nThere is no model at %s or no photo at %s to go on with.\n' "$model" "$photo"
    printf 'Try your own: %s predict YOUR_MODEL.onnx YOUR_PHOTO.jpg --save out\n' "$program"
    exit 0
fi
show "$program" explain "$model"
show "$program" predict "$model" "$photo" --save build/demo
printf '\nThe annotated picture: %s\n' "$PWD/build/demo/bus.jpg"
show .venv/bin/python -c "
from inference_models import AutoModel
model = AutoModel.from_pretrained('$model')
print(model('$photo'))"

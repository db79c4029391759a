#!/usr/bin/env bash
# Tests in Python what handles memory, threads and lifetimes, with the extension and the library of the preset asan.
set -euo pipefail
cd "$(dirname "$0")/.."
# Python itself is not built for it, and keeps memory at its end.
export ASAN_OPTIONS=detect_leaks=0 VIRTUAL_ENV=$PWD/.venv PYTHONPATH=$PWD/build/asan/python
export INFERENCE_MODELS_BUILD_DIR=$PWD/build/asan
LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so)" \
    .venv/bin/python -m pytest -q tests/python/test_{detections,errors,inputs,lifetime,log,results,stages}.py tests/hub

#!/usr/bin/env bash
# Builds a preset:  build.sh PRESET configure|all
#   configure  only makes the build files
#   all        builds everything
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1 what=$2

# The PyTorch adapter is built for the PyTorch that is installed in .venv, if one is.
torch=$(compgen -G "$PWD/.venv/lib/python3*/site-packages/torch" || true)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cmake --preset "$preset" -D INFERENCE_MODELS_TORCH="$torch" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
[[ $what == configure ]] || cmake --build --preset "$preset"

#!/usr/bin/env bash
# Runs the benchmarks one after the other; each prints its own table.
set -euo pipefail
cd "$(dirname "$0")/.."
export INFERENCE_MODELS_BUILD_DIR=${INFERENCE_MODELS_BUILD_DIR:-build/release}
.venv/bin/python benchmarks/pre_processing.py
.venv/bin/python benchmarks/program.py
.venv/bin/python benchmarks/python_package.py
.venv/bin/python benchmarks/forward.py
.venv/bin/python benchmarks/engines.py
.venv/bin/python benchmarks/bundled_model.py
.venv/bin/python benchmarks/models_by_id.py

#!/usr/bin/env bash
# Builds a preset:  build.sh PRESET configure|all|install
#   configure  only makes the build files
#   all        builds everything
#   install    builds what is installed, and installs it into .venv
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1 what=$2

log=$(mktemp)
trap 'rm -f "$log"' EXIT
cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
case $what in
configure) ;;
all) cmake --build --preset "$preset" ;;
install)
    cmake --build --preset "$preset" --target installed
    cmake --install "build/$preset" --prefix .venv >/dev/null
    ;;
esac

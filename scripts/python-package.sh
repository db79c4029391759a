#!/usr/bin/env bash
# Builds the Python package's wheel and installs it into .venv. Does nothing where nothing has changed since the last time.
set -euo pipefail
cd "$(dirname "$0")/.."
stamp=.venv/.inference-models-cpp-installed

source scripts/wheel-options.sh

# A directory is newer than the stamp too where a file was added or removed.
sources=(CMakeLists.txt apps cmake include models pyproject.toml python src)
if [[ $(cat "$stamp" 2>/dev/null) == "${wheel_options[*]}" && -z $(find "${sources[@]}" -newer "$stamp" -print -quit) ]]; then
    exit 0
fi

echo "building the Python package and installing it into .venv" >&2
pip=(.venv/bin/python -m pip --quiet --disable-pip-version-check)
# The package says to builds where its CMake files are, and is imported for that: also by its own build.
"${pip[@]}" uninstall --yes inference-models-cpp 2>/dev/null
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "${wheel_options[*]}" >"$stamp.new"  # as old as the sources that are built
"${pip[@]}" install --no-build-isolation "${wheel_options[@]}" --verbose . >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
mv "$stamp.new" "$stamp"

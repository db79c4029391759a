#!/usr/bin/env bash
# Installs a build into a fresh prefix, moves the prefix, and builds and runs a project of somebody else with it.
#   install_test.sh BUILD_DIR VERSION
set -euo pipefail
build=$1 version=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved"
cmake -S "$here/consumer" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/moved" >/dev/null
cmake --build "$work/build" >/dev/null

printed=$(env -u LD_LIBRARY_PATH "$work/build/consumer")
[[ $printed == "$version $version model_not_found" ]] || { echo "the consumer printed: $printed" >&2; exit 1; }
printed=$("$work/moved/bin/inference-models" --version)
[[ $printed == "inference-models $version" ]] || { echo "the program printed: $printed" >&2; exit 1; }

# The bundled model moved along. Exit code 4: there is no runtime.
cd "$work"
explained=$("$work/moved/bin/inference-models" explain codes-n-640 --json) || (($? == 4))
[[ $explained == *"\"location\": \"$work/moved/share/inference_models/models/codes-n-640\""* ]] ||
    { echo "the program explained: $explained" >&2; exit 1; }
(cd "$work/moved/share/inference_models/models/codes-n-640" && sha256sum --check --strict --quiet SHA256SUMS)

# So did what peers and detectors are measured with.
for file in peers/peer.py pictures/everyday.jpg; do
    [[ -f "$work/moved/share/inference_models/$file" ]] || { echo "$file is not installed" >&2; exit 1; }
done

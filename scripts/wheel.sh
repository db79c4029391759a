#!/usr/bin/env bash
# Builds the wheel as it is given to others into build/wheels: with the libraries that it needs and their licences, so
# that it asks for nothing but the C and C++ runtime of the system. Prints what it asks for and how large it is.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly most_bytes=$((15 * 1000 * 1000))
readonly outside='^(libc\.so\.6|libm\.so\.6|ld-linux-.*|libstdc\+\+\.so\.6|libgcc_s\.so\.1)$'
# The adapter of PyTorch is opened after PyTorch, wherever that lies.
readonly of_torch='^(libtorch.*|libc10.*)$'
# What is compiled in from headers.
readonly header_packages=(libcli11-dev libfmt-dev libprotozero-dev libstb-dev nlohmann-json3-dev)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PATH=$PWD/.venv/bin:$PATH
rm -rf build/wheels
mkdir -p build/wheels

run_quietly() {
    "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

elf_files() {
    find "$1" -type f \( -name '*.so*' -o -path '*/bin/*' \)
}

source scripts/wheel-options.sh
run_quietly python -m pip wheel --no-deps --no-build-isolation "${wheel_options[@]}" --wheel-dir "$work/built" .
run_quietly auditwheel repair --exclude 'libtorch*' --exclude 'libc10*' --wheel-dir "$work/repaired" "$work"/built/*.whl
run_quietly python -m wheel unpack --dest "$work/unpacked" "$work"/repaired/*.whl
root=$(echo "$work"/unpacked/*)
libraries=$root/inference_models_cpp.libs

# The rules of manylinux count libz to the system; images with nothing but Python do not always have it.
zlib=$(realpath "$(gcc -print-file-name=libz.so.1)")
bundled_zlib=libz-$(sha256sum "$zlib" | head -c 8).so.1
cp "$zlib" "$libraries/$bundled_zlib"
patchelf --set-soname "$bundled_zlib" "$libraries/$bundled_zlib"
for file in $(elf_files "$root"); do
    [[ $'\n'$(patchelf --print-needed "$file")$'\n' == *$'\n'libz.so.1$'\n'* ]] || continue
    patchelf --replace-needed libz.so.1 "$bundled_zlib" "$file"
    [[ $file != "$libraries"/* ]] || patchelf --set-rpath "\$ORIGIN" "$file"
done

# The licences of what is bundled, from the packages that it comes from.
packages=("${header_packages[@]}")
for library in "$libraries"/*; do
    original=$(basename "$library" | sed -E 's/-[0-9a-f]{8}(\.so)/\1/')
    packages+=("$(dpkg-query --search "*/$original" | head -1 | cut -d: -f1)")
done
for package in $(printf '%s\n' "${packages[@]}" | sort -u); do
    cp "/usr/share/doc/$package/copyright" "$root/inference_models/share/doc/inference_models/LICENSE-$package"
done

# Boost's says the licence of each of its files, in two megabytes; what is compiled in has the one licence.
boost_licence=$root/inference_models/share/doc/inference_models/LICENSE-libboost1.81-dev
awk -v RS= '/^License: BSL-1\.0\n/' /usr/share/doc/libboost1.81-dev/copyright >"$boost_licence"
[[ -s $boost_licence ]] || { echo "error: Boost's licence was not found" >&2; exit 1; }

cp .venv/lib/python3*/site-packages/nanobind-*.dist-info/licenses/LICENSE \
    "$root/inference_models/share/doc/inference_models/LICENSE-nanobind"

needed=$(for file in $(elf_files "$root"); do patchelf --print-needed "$file"; done | sort -u)
bundled=$(find "$root" -type f -name '*.so*' -printf '%f\n' | sort -u)
asked_for=$(comm -23 <(echo "$needed") <(echo "$bundled"))
run_quietly python -m wheel pack --dest-dir build/wheels "$root"
wheel=$(echo build/wheels/*.whl)
size=$(stat -c %s "$wheel")

echo "$wheel: $((size / 1000)) kB"
echo "asks the system for:" $asked_for
if too_much=$(grep -Ev "$outside|$of_torch" <<<"$asked_for"); then
    echo "error: the wheel needs libraries that other machines may not have:" $too_much >&2
    exit 1
fi
if ((size > most_bytes)); then
    echo "error: the wheel is larger than $((most_bytes / 1000)) kB" >&2
    exit 1
fi

#!/usr/bin/env bash
# Installs what this project is built with: Debian packages (packages.txt), and Python packages in .venv
# (requirements-NAME.txt for each NAME given). Does nothing the second time.
set -euo pipefail
cd "$(dirname "$0")/.."

install_debian_packages() {
    local wanted missing=() package
    mapfile -t wanted <scripts/packages.txt
    for package in "${wanted[@]}"; do
        dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    ((${#missing[@]} == 0)) && return
    local as_root=()
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null; then
            echo "error: these Debian packages are missing, and neither root nor sudo is at hand to install them." >&2
            echo "hint: As root: apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    echo "installing Debian packages: ${missing[*]}" >&2
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

install_python_packages() {
    local requirements="scripts/requirements-$1.txt" stamp=".venv/.$1-installed"
    [[ -x .venv/bin/python ]] || python3 -m venv .venv
    # The stamp holds what was installed; another list is installed anew.
    cat scripts/requirements-*.txt | cmp -s - "$stamp" && return
    echo "installing Python packages into .venv: $requirements" >&2
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements"
    cat scripts/requirements-*.txt >"$stamp"
}

# The oldest ONNX Runtime that is tested, beside the newest one.
install_oldest_onnxruntime() {
    local directory=build/onnxruntime-1.20.1
    [[ -f $directory/onnxruntime/capi/libonnxruntime.so.1.20.1 ]] && return
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --target "$directory" onnxruntime==1.20.1
}

install_debian_packages
for name in "$@"; do
    install_python_packages "$name"
    [[ $name != test ]] || install_oldest_onnxruntime
done

#!/usr/bin/env bash
# Makes .venv-peers, an environment with the products that `inference-models benchmark --peers` measures beside ours
# (requirements-peers.txt). Does nothing the second time.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=.venv-peers
requirements=scripts/requirements-peers.txt
stamp=$environment/.installed

if ! cmp -s "$requirements" "$stamp"; then
    echo "installing other products into $environment: this downloads some gigabytes" >&2
    [[ -x $environment/bin/python ]] || python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$stamp"
fi
echo "To measure them: inference-models benchmark MODEL --peers-python $PWD/$environment/bin/python"

#!/usr/bin/env bash
# clang-format and ruff over everything; clang-tidy over what changed in the day before the newest commit and what is not
# committed, or over everything: `lint.sh --all`.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin

git ls-files -z --cached --others --exclude-standard '*.cpp' '*.hpp' '*.h' | xargs -0 "$bin/clang-format" --dry-run --Werror
"$bin/ruff" check --quiet .
"$bin/ruff" format --quiet --check .

newest=$(git log -1 --format=%ct)
base=$(git rev-list -1 --before="$((newest - 24 * 3600))" HEAD)
if [[ -z $base || ${1:-} == --all ]]; then
    changed=$(git ls-files '*.cpp')
else
    changed=$({ git diff --name-only --diff-filter=d "$base" -- '*.cpp'; git ls-files --others --exclude-standard '*.cpp'; } | sort -u)
fi
# Only what the build knows has compile commands.
sources=$(grep -Fx -f <(grep -o '"file": "[^"]*"' build/release/compile_commands.json | cut -d'"' -f4 | sed "s|^$PWD/||") <<<"$changed" || true)
[[ -z $sources ]] || xargs -P "$(nproc)" -n 1 "$bin/clang-tidy" -p build/release --quiet --warnings-as-errors='*' <<<"$sources" \
    2> >(grep -v 'warnings generated' >&2)

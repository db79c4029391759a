#!/usr/bin/env bash
# Unpacks the photos of Debian's wallpapers and of OpenCV's documentation, without installing them:  photos.sh DIRECTORY
set -euo pipefail
directory=$1
packages=(gnome-backgrounds lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 mate-backgrounds opencv-doc
    ukui-wallpapers)

[[ ! -d $directory ]] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"  # apt downloads as a user of its own
cd "$work"
if ! apt-get download -qq "${packages[@]}"; then
    echo "error: apt cannot download ${packages[*]}" >&2
    echo "hint: Where it says that it cannot find them, run: apt-get update" >&2
    exit 1
fi
for package in *.deb; do
    dpkg-deb --extract "$package" files
done
cd - >/dev/null
mkdir -p "$directory.new"
# Left out: what shows codes; what has a logo, is stripes alone, or another size of one that is there already.
find "$work/files" -type f \( -name '*.jpg' -o -name '*.jpeg' -o -name '*.png' -o -name '*.webp' \) -size +60k | sort \
    | grep -Ev '/(4_barcodes|result)\.jpg$|logo|Stripes|Radioactive|_[0-9]{4}x[0-9]{4}' \
    | awk -F / '!seen[$NF]++' \
    | xargs -d '\n' cp --target-directory "$directory.new"
mv "$directory.new" "$directory"

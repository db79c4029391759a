#!/usr/bin/env bash
# Unpacks the photos of Debian's wallpaper packages, without installing them:  photos.sh DIRECTORY
set -euo pipefail
directory=$1
packages=(gnome-backgrounds lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 mate-backgrounds ukui-wallpapers)

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
# Pictures with a logo, of stripes alone, or of another size of one that is there already, are left out.
find "$work/files" -type f \( -name '*.jpg' -o -name '*.jpeg' -o -name '*.png' -o -name '*.webp' \) -size +40k \
    | grep -Ev 'logo|Stripes|Radioactive|_[0-9]{4}x[0-9]{4}' \
    | xargs -d '\n' cp --target-directory "$directory.new"
mv "$directory.new" "$directory"

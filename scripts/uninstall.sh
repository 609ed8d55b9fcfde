#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Takes away what `make install` put into prefix $2 from build folder $1. Uses sudo where needed.
set -euo pipefail

build=$1
prefix=$2
manifest=$build/install_manifest.txt
if [[ ! -e $manifest ]] || ! grep -q "^$prefix/" "$manifest"; then
    echo "uninstall: expected a list of files under $prefix in $manifest, found none" >&2
    exit 2
fi

as_root=()
if [[ ! -w $prefix ]]; then
    as_root=(sudo)
fi
"${as_root[@]}" cmake --build "$build" --target uninstall >/dev/null
"${as_root[@]}" rm -rf "$prefix/lib/lwmspectro"
sed 's|/[^/]*$||' "$manifest" | sort -ru | while read -r folder; do
    case $folder in
        */lwmspectro* | */__pycache__) "${as_root[@]}" rmdir "$folder" 2>/dev/null || true ;;
    esac
done
"${as_root[@]}" rm -f "$manifest"
echo "uninstall: done"

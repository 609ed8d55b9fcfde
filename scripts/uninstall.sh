#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Takes away what `make install` put into prefix $2 from build folder $1. Uses sudo where needed.
set -euo pipefail

build=$1
prefix=${2%/}
manifest=$build/install_manifest.txt

if [[ $prefix != /?* ]]; then
    echo "uninstall: expected a prefix below /, got '$2'" >&2
    exit 2
fi
if [[ ! -e $manifest || $(head -n 1 "$manifest") != "$prefix"/* ]]; then
    echo "uninstall: expected a list of files under $prefix in $manifest, found none" >&2
    exit 2
fi

as_root=()
if [[ ! -w $prefix ]]; then
    command -v sudo >/dev/null || {
        echo "uninstall: $prefix is not writable and there is no sudo" >&2
        exit 1
    }
    as_root=(sudo)
fi

# folders that are ours alone; Python may have left bytecode in them
folders=$(sed -n 's#^\(.*/\(lwmspectro\|lwmspectro_train\|gnuradio-lwmspectro\)\)/.*#\1#p' \
    "$manifest" | sort -u)
while read -r folder; do
    if [[ $folder == "$prefix"/* ]]; then
        "${as_root[@]}" rm -rf -- "$folder"
    fi
done <<<"$folders"
"${as_root[@]}" rm -rf -- "$prefix/lib/lwmspectro"
"${as_root[@]}" cmake -P "$build/cmake_uninstall.cmake" >/dev/null
"${as_root[@]}" rm -f -- "$manifest"
echo "uninstall: done"

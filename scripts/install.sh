#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs the module built in folder $1 into prefix $2, and beside it a virtual environment for the
# command lines: the blocks' Python packages are not in Debian. Uses sudo where $2 needs it.
set -euo pipefail

build=$1
prefix=$2
cd "$(dirname "$0")/.."
venv=$prefix/lib/lwmspectro/venv

writable=$prefix
while [[ ! -e $writable ]]; do
    writable=$(dirname "$writable")
done
as_root=()
if [[ ! -w $writable ]]; then
    command -v sudo >/dev/null || {
        echo "install: $writable is not writable and there is no sudo" >&2
        exit 1
    }
    as_root=(sudo)
fi

"${as_root[@]}" cmake --install "$build" >/dev/null
if ((${#as_root[@]})); then # the next install from this folder may be the user's own
    sudo chown "$(id -u):$(id -g)" "$build"/install_{manifest,folders}.txt
fi

"${as_root[@]}" /usr/bin/python3 -m venv --system-site-packages "$venv"
"${as_root[@]}" "$venv/bin/python" -m pip install -q --disable-pip-version-check \
    -c constraints.txt -r requirements/runtime.txt
echo "install: done, command lines in $prefix/bin"

found=$(cd / && /usr/bin/python3 -c 'from gnuradio import lwmspectro as m; print(m.__file__)' \
    2>/dev/null || true)
if [[ $found != "$prefix"/* ]]; then
    echo "install: Python needs PYTHONPATH=$(echo "$prefix"/lib/python3*/*-packages)"
    echo "install: GNU Radio Companion needs GRC_BLOCKS_PATH=$prefix/share/gnuradio/grc/blocks too"
elif ! said=$(cd / && /usr/bin/python3 -c \
    'from gnuradio import lwmspectro; lwmspectro.classifier(1.92e6)' 2>&1); then
    # as a flowgraph of Companion would
    echo "install: the classifier does not start: $(tail -n 1 <<<"$said")" >&2
    exit 1
fi

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what `lwmspectro-train sites` needs into the virtual environment $1, and Debian's LLVM.
set -euo pipefail

cd "$(dirname "$0")/.."
venv=$1
stamp=$venv/.sites

scripts/install-debian-packages.sh scripts/debian-packages-sites.txt
[[ $stamp -nt requirements/sites.txt && $stamp -nt constraints.txt ]] && exit 0
echo "venv: installing requirements/sites.txt"
"$venv/bin/python" -m pip install -q --disable-pip-version-check --retries 2 \
    -c constraints.txt -r requirements/sites.txt
touch "$stamp"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what lwmspectro_train needs into the virtual environment $1: the CPU build of PyTorch
# first, since what comes after would bring the large one. Where it cannot be had, says so in one
# line and exits 0: only training and its tests need it.
set -euo pipefail

cd "$(dirname "$0")/.."
venv=$1
stamp=$venv/.training

fresh() {
    local file
    for file in requirements/{torch,train,runtime}.txt constraints.txt; do
        [[ $stamp -nt $file ]] || return 1
    done
}
! fresh || exit 0

pip_install() {
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --retries 2 \
        -c constraints.txt -c requirements/torch.txt "$@"
}

echo "venv: installing requirements/torch.txt"
if ! pip_install -r requirements/torch.txt 2>/dev/null &&
    ! pip_install -r requirements/torch.txt \
        --index-url https://download.pytorch.org/whl/cpu \
        --extra-index-url https://pypi.org/simple 2>/dev/null; then
    echo "venv: no CPU build of PyTorch could be installed; training and its tests are skipped" >&2
    exit 0
fi
echo "venv: installing requirements/train.txt"
pip_install -r requirements/train.txt
touch "$stamp"

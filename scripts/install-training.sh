#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what lwmspectro_train needs into the virtual environment $1: the CPU build of PyTorch
# first, since what comes after would bring the large one. Where something cannot be had, says so
# in one line and exits with 1; `make test` goes on without, since only training needs it.
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

log=$(mktemp)
trap 'rm -f "$log"' EXIT
give_up() {
    echo "venv: $1 could not be installed; training and its tests are skipped:" \
        "$(grep -v '^$' "$log" | tail -n 1)" >&2
    exit 1
}

echo "venv: installing requirements/torch.txt"
pip_install -r requirements/torch.txt 2>"$log" ||
    pip_install -r requirements/torch.txt \
        --index-url https://download.pytorch.org/whl/cpu \
        --extra-index-url https://pypi.org/simple 2>>"$log" ||
    give_up "a CPU build of PyTorch"
echo "venv: installing requirements/train.txt"
pip_install -r requirements/train.txt 2>"$log" || give_up "requirements/train.txt"
touch "$stamp"

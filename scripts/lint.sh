#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every check of the sources that needs no build, with the tools of the virtual environment $1.
# Changes nothing; runs all of them, and fails if one of them did.
set -uo pipefail

cd "$(dirname "$0")/.."
bin=$1/bin
mapfile -t cxx < <(find include lib python tests -name '*.h' -o -name '*.cc')

failed=0
check() {
    echo "lint: $1"
    shift
    "$@" || failed=1
}
check "ruff check" "$bin/python" -m ruff check --quiet
check "ruff format" "$bin/python" -m ruff format --check --quiet
check "mypy" "$bin/python" -m mypy --no-error-summary
check "clang-format" "$bin/clang-format" --dry-run -Werror "${cxx[@]}"
exit $failed

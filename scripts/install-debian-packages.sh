#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs the missing ones of the Debian packages listed in the file $1; quick when none is.
set -euo pipefail

fail() {
    echo "deps: $*" >&2
    exit 1
}

mapfile -t wanted < <(grep -vE '^[[:space:]]*(#|$)' "$1")

if ! command -v dpkg-query >/dev/null; then
    echo "deps: not a Debian system; taking these for installed: ${wanted[*]}"
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $status == installed ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
    command -v sudo >/dev/null ||
        fail "run as root or install sudo, to install: ${missing[*]}"
    as_root=(sudo)
fi

apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

listed() {
    local package
    for package in "${missing[@]}"; do
        apt-cache show "$package" >/dev/null 2>&1 || return 1
    done
}

echo "deps: installing ${missing[*]}"
if listed; then
    apt install --no-install-recommends "${missing[@]}" && exit 0
    echo "deps: trying again with fresh package lists"
fi
apt update || fail "apt-get update failed"
apt install --no-install-recommends "${missing[@]}" ||
    fail "apt-get could not install: ${missing[*]}"

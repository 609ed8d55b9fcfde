#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes the models that ship, from nothing: data sets, experts, router, both bundles (in data/). Run again, it goes on where it
# was: data sets, experts and routers that are done stay, and the bundles are
# written again. Needs `make build train-deps`, 35 GB of disk, and on two cores some ten hours.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
train=build/prefix/bin/lwmspectro-train
models=data/models/live

$train generate live
$train generate live --seed 3 --windows 23000 --out data/live_more
[ -e data/live_all/manifest.json ] || $train join data/live data/live_more --out data/live_all
$train generate live_nr
$train generate san_francisco --windows 6000

for protocol in wifi lte; do
    $train pretrain live --protocol "$protocol"
    $train finetune live --protocol "$protocol"
done
# NR alone has more windows to begin with, and larger batches: this ran on a GPU (docs/training.md).
large=(--data data/live_nr --out data/models/live_nr --batch 128 --learning-rate 0.001)
$train pretrain live --protocol nr "${large[@]}"
$train finetune live --protocol nr "${large[@]}" --epochs 36
$train finetune live --protocol nr --weights data/models/live_nr/nr/finetune --epochs 12 --learning-rate 0.0005

if ! [ -e $models/router_before/training.json ]; then
    $train train-router data/live $models/router_before --epochs 12 --precision bf16-mixed --threads 1
fi
if ! [ -e $models/router/training.json ]; then
    $train train-router data/live_more $models/router --weights $models/router_before \
        --epochs 4 --learning-rate 0.00015 --precision bf16-mixed --threads 1
fi
$train export live
$train quantise data/lwmspectro-live data/lwmspectro-live-int8 --test data/san_francisco

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes models like those that ship, from nothing: data sets, experts, router, both bundles (in data/). Run again, it goes on
# where it was: data sets, experts and routers that are done stay, and the bundles are written again. Needs
# `make build train-deps`, 50 GB of disk, and on two cores some twelve hours.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
train=build/prefix/bin/lwmspectro-train
models=data/models/live
before=data/models/live_before # what the models that ship were trained on from

$train generate live
$train generate live --seed 3 --windows 23000 --out data/live_more
$train generate live --seed 7 --windows 40000 --out data/live_third
[ -e data/live_two/manifest.json ] || $train join data/live data/live_more --out data/live_two
grep -qs '"windows": 113000,' data/live_all/manifest.json || $train join data/live data/live_more data/live_third --out data/live_all
$train generate live_nr
$train generate san_francisco --windows 6000

for protocol in wifi lte; do
    $train pretrain live --protocol "$protocol" --data data/live_two
    $train finetune live --protocol "$protocol" --data data/live_two --out $before --weights "$models/$protocol/pretrain"
done
# NR alone has more windows to begin with, and larger batches: this ran on a GPU (docs/training.md).
large=(--data data/live_nr --out data/models/live_nr --batch 128 --learning-rate 0.001)
$train pretrain live --protocol nr "${large[@]}"
$train finetune live --protocol nr "${large[@]}" --epochs 36
$train finetune live --protocol nr --data data/live_two --out $before \
    --weights data/models/live_nr/nr/finetune --epochs 12 --learning-rate 0.0005
# In the models that ship, `drift` came in here in place of `fluctuation`, which all stages before had, and WiFi and LTE had 8
# epochs of these windows first: their cards have every stage.
for protocol in wifi lte nr; do
    epochs=6
    [ "$protocol" = nr ] && epochs=8
    $train finetune live --protocol "$protocol" --weights "$before/$protocol/finetune" --epochs $epochs --learning-rate 0.0005
done

router=(--precision bf16-mixed --threads 1)
$train train-router data/live $before/router_first --epochs 12 "${router[@]}"
router+=(--learning-rate 0.00015)
$train train-router data/live_more $before/router --weights $before/router_first --epochs 4 "${router[@]}"
$train train-router data/live_all $models/router --weights $before/router --epochs 3 "${router[@]}"

$train export live
$train quantise data/lwmspectro-live data/lwmspectro-live-int8 --test data/san_francisco

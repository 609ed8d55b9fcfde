# SPDX-License-Identifier: GPL-3.0-or-later
"""Does it hurt a model that coded LTE transport blocks are used again?

    python benchmarks/reuse.py [--windows N]

Trains the same linear probe for modulation on the symbol grids of three sets of windows: with a
pool of one transport block of each size, with the pool that ships, and with a new block each time.
All three are measured on further windows whose blocks are all new.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections import Counter

import numpy as np
from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.waveforms import lte, scene
from gnuradio.lwmspectro.waveforms.channels import Fading
from gnuradio.lwmspectro.waveforms.lte import shared
from lwmspectro_train.kernel_renderer import KernelRenderer
from lwmspectro_train.moments import constellation
from lwmspectro_train.scene_plan import PlannedScene
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ALWAYS_NEW = 1 << 30
MODULATIONS = ("qpsk", "16qam", "64qam", "256qam")
SAMP_RATE = 7.68e6
BLOCKS = 25


def planned(seed: int, number: int) -> PlannedScene:
    """A 5 MHz cell of one modulation, through drawn fading, at 10 to 25 dB."""
    rng = np.random.default_rng([seed, number])
    cell = dataclasses.replace(
        lte.LteConfig.random(rng),
        n_prb=BLOCKS,
        fft_size=512,
        modulation=MODULATIONS[number % len(MODULATIONS)],
        mcs=None,
    )
    drawn = scene.Scene(
        transmitter=cell,
        samp_rate=SAMP_RATE,
        snr_db=float(rng.uniform(10.0, 25.0)),
        fading=Fading.random(rng),
        front_end=scene.draw_front_end(SAMP_RATE, rng, "usrp"),
        center_freq=3.5e9,
    )
    return PlannedScene(number, drawn, 1.0, (seed, number, 1))


def render(pool: int, seed: int, n_windows: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Moments, classes, and how often a coded block was used in the mean."""
    used: Counter[tuple[int, int]] = Counter()
    get, shared.POOL_DRAWS = shared._POOL.get, pool

    def counting(size: int, draw: int) -> np.ndarray:
        used[size, draw] += 1
        return get(size, draw)

    shared._POOL.get = counting  # type: ignore[method-assign]
    try:
        spec = kernels.window_spec(grids=["cp_15khz"])
        scenes = [planned(seed, number) for number in range(n_windows)]
        tokens = np.stack([w.tokens for w in KernelRenderer(spec).render(scenes)])
    finally:
        shared._POOL.get, shared.POOL_DRAWS = get, 32  # type: ignore[method-assign]
    planes = len(kernels.symbol_grid_planes)
    shape = (planes, kernels.symbol_grid_rows, kernels.symbol_grid_cols)
    grids = tokens[:, -int(np.prod(shape)) :].reshape(-1, *shape).astype(np.float32)
    classes = np.arange(n_windows) % len(MODULATIONS)
    return constellation(grids), classes, used.total() / max(len(used), 1)


def main() -> None:
    """Prints a line for each pool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=1200, help="to train on (%(default)s)")
    n = parser.parse_args().windows
    test_x, test_y, _ = render(ALWAYS_NEW, 2, n // 2)
    for pool, name in ((1, "1 block a size"), (32, "32 blocks"), (ALWAYS_NEW, "new each time")):
        x, y, uses = render(pool, 1, n)
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=3000)).fit(x, y)
        right = float((model.predict(test_x) == test_y).mean())
        margin = 1.96 * np.sqrt(right * (1.0 - right) / len(test_y))
        print(f"{name}: each used {uses:.1f} times, {100 * right:.1f} ± {100 * margin:.1f} % right")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed of the dataset engine: LTE over a channel of 12 paths, from bits to tokens, on one core.

    python benchmarks/generate.py [--windows N]

`lwmspectro-train generate CONFIG --profile` does the same for the mix of a configuration.
"""

from __future__ import annotations

import argparse
import dataclasses

import numpy as np
from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.waveforms import lte, scene
from gnuradio.lwmspectro.waveforms.channels import Fading
from lwmspectro_train.profile import profile_scenes
from lwmspectro_train.scene_plan import PlannedScene

CASES = {
    # sample rate in MS/s, resource blocks, samples of a useful symbol, wanted windows/s
    "15.36 MS/s, 10 MHz cell": (15.36, 50, 1024, 10.0),
    "1.92 MS/s, 1.4 MHz cell": (1.92, 6, 128, 60.0),
    "1.92 MS/s, slice of a 10 MHz cell": (1.92, 50, 1024, None),
}
DOPPLER_HZ = 97.0  # 30 km/h at 3.5 GHz


def planned(number: int, samp_rate: float, n_prb: int, fft_size: int) -> PlannedScene:
    """A drawn cell of a width, through 12 paths, into a drawn USRP."""
    rng = np.random.default_rng([1, number])
    cell = dataclasses.replace(lte.LteConfig.random(rng), n_prb=n_prb, fft_size=fft_size)
    delays = np.sort(rng.uniform(0.0, 2e-6, 12))
    fading = Fading(
        delays_s=tuple(delays - delays[0]),
        powers_db=tuple(-4e6 * (delays - delays[0])),
        doppler_hz=DOPPLER_HZ,
    )
    drawn = scene.Scene(
        transmitter=cell,
        samp_rate=samp_rate,
        snr_db=float(rng.uniform(-5.0, 25.0)),
        fading=fading,
        front_end=scene.draw_front_end(samp_rate, rng, "usrp"),
        center_freq=3.5e9,
    )
    return PlannedScene(number, drawn, 1.0, (1, number, 1))


def main() -> None:
    """Prints a table a case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=40, help="a case (%(default)s)")
    windows = parser.parse_args().windows
    spec = kernels.window_spec()
    for name, (msps, n_prb, fft_size, wanted) in CASES.items():
        scenes = [planned(number, 1e6 * msps, n_prb, fft_size) for number in range(windows)]
        result = profile_scenes(scenes, spec)
        goal = "" if wanted is None else f" (wanted: {wanted:g})"
        print(f"{name}{goal}: {result.text()}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processor time of a window of 25.6 ms of each physical layer, and of its stream, in one process.

    python benchmarks/waveforms.py [--windows N] [--cells N] [LAYER ...]

Named cells: median over windows after the first one. Drawn cells: two windows each, of which the
second counts. Streams: pieces after the first frame.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from gnuradio.lwmspectro.transmitters.settings import lte_config, nr_config, wifi_config
from gnuradio.lwmspectro.waveforms import lte, nr, wifi
from gnuradio.lwmspectro.waveforms.traffic import Traffic

WINDOW_S = 25.6e-3
LAYERS = {"wifi": wifi, "lte": lte, "nr": nr}
FOUR = Traffic(n_users=4)
TWO_PORTS = (complex(0.5**0.5),) * 2
NAMED: dict[str, dict[str, Any]] = {
    "wifi": {"802.11n, MCS 7": wifi_config()},
    "lte": {
        "6 blocks, one user": lte_config(6),
        "6 blocks, four users, two ports, full control": lte.LteConfig(
            *(6, 128), port_gains=TWO_PORTS, traffic=FOUR, pdcch_load=1.0
        ),
        "25 blocks, one user": lte_config(25),
        "50 blocks, one user": lte_config(50),
        "50 blocks, four users, 256QAM, two ports": lte.LteConfig(
            *(50, 1024), port_gains=TWO_PORTS, traffic=FOUR, modulation="256qam"
        ),
        "100 blocks, one user": lte_config(100),
    },
    "nr": {
        "25 blocks at 15 kHz": nr_config(25, 15000),
        "24 blocks at 30 kHz": nr_config(24, 30000),
        "51 blocks at 30 kHz": nr_config(51, 30000),
        "106 blocks at 15 kHz": nr_config(106, 15000),
    },
}
CONFIGS = {"wifi": wifi.WifiConfig, "lte": lte.LteConfig, "nr": nr.NrConfig}


def cpu_ms(make: Callable[[], Any]) -> float:
    """Processor time of one call."""
    before = time.process_time()
    make()
    return 1e3 * (time.process_time() - before)


def window_ms(layer: str, cfg: Any, windows: int) -> list[float]:
    """Of each window but the first, which codes what the others use again."""
    make = LAYERS[layer].waveform
    rng = np.random.default_rng(1)
    return [cpu_ms(lambda: make(cfg, WINDOW_S, rng)) for _ in range(windows + 1)][1:]


def stream_ms(layer: str, cfg: Any, windows: int) -> float:
    """For 10 ms of a stream."""
    transmitter = LAYERS[layer].Transmitter(cfg, 1)
    transmitter.next_piece()
    wanted, made = windows * 0.01 * transmitter.samp_rate, 0
    before = time.process_time()
    while made < wanted:
        made += transmitter.next_piece().size
    return 1e3 * (time.process_time() - before) / (made / transmitter.samp_rate) * 0.01


def main() -> None:
    """Prints a line a cell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layer", nargs="*", help="some of wifi, lte, nr (all)")
    parser.add_argument("--windows", type=int, default=15, help="of a named cell (%(default)s)")
    parser.add_argument("--cells", type=int, default=60, help="drawn ones (%(default)s)")
    args = parser.parse_args()
    for layer in args.layer or LAYERS:
        for name, cfg in NAMED[layer].items():
            middle = statistics.median(window_ms(layer, cfg, args.windows))
            stream = stream_ms(layer, cfg, args.windows)
            print(f"{layer:5}{name:48}{middle:6.1f} ms, 10 ms of stream {stream:5.1f} ms")
        drawn = []
        for number in range(args.cells):
            cfg = CONFIGS[layer].random(np.random.default_rng([2, number]))
            drawn += window_ms(layer, cfg, 1)
        mean, middle, most = statistics.mean(drawn), statistics.median(drawn), max(drawn)
        numbers = f"{middle:6.1f} ms, mean {mean:.1f}, most {most:.1f}"
        print(f"{layer:5}{f'{args.cells} as drawn':48}{numbers}")


if __name__ == "__main__":
    main()

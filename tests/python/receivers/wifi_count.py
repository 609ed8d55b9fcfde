# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the 802.11 frames that the receiver of the tests reads, by the check of their FCS.

PYTHONPATH=... python wifi_count.py RECORDING.sigmf-data ...   (ci8 at 20 MS/s)
PYTHONPATH=... python wifi_count.py --random 100               (random channels of ours)
"""

import argparse
import collections
import sys
from pathlib import Path

import numpy as np
import wifi_receiver

WINDOW_S, NOISE_DB = 10e-3, -57.0


def of_recording(path: Path) -> str:
    iq = np.fromfile(path, np.int8).astype(np.float32).view(np.complex64)
    frames = [frame for frame in wifi_receiver.receive(iq) if frame.stop < iq.size]
    kinds = collections.Counter(f"{f.standard} {f.rate}" for f in frames)
    named = ", ".join(f"{n} x {kind}" for kind, n in sorted(kinds.items()))
    return f"{path.stem}: {sum(f.ok for f in frames)} of {len(frames)} frames right ({named})"


def of_random_channels(count: int) -> str:
    """Frames wholly in view of windows of one-stream random channels, octets compared."""
    from gnuradio.lwmspectro.waveforms import wifi

    sent, read = collections.Counter(), collections.Counter()
    for seed in range(count):
        rng = np.random.default_rng(seed)
        cfg = wifi.WifiConfig.random(rng)
        n = round(WINDOW_S * cfg.samp_rate)
        frames = wifi.schedule(cfg, n, rng)
        iq = wifi.render(cfg, frames, n, rng)
        noise = rng.normal(size=(2, n)) * 10 ** (NOISE_DB / 20) / np.sqrt(2)
        got = wifi_receiver.receive(iq + noise[0] + 1j * noise[1])
        for frame in frames:
            if frame.start > 0 and frame.stop < n and frame.fmt.streams == 1:
                key = (frame.fmt.standard, frame.kind)
                sent[key] += 1
                near = [g for g in got if abs(g.start - frame.start) < 12]
                read[key] += bool(near and near[0].ok and near[0].psdu.startswith(frame.psdu))
    lines = [f"{' '.join(key)}: {read[key]} of {sent[key]}" for key in sorted(sent)]
    return "\n".join([*lines, f"all: {sum(read.values())} of {sum(sent.values())}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recordings", nargs="*", type=Path)
    parser.add_argument("--random", type=int, default=0, metavar="COUNT")
    arguments = parser.parse_args()
    for path in arguments.recordings:
        sys.stdout.write(of_recording(path) + "\n")
    if arguments.random:
        sys.stdout.write(of_random_channels(arguments.random) + "\n")


if __name__ == "__main__":
    main()

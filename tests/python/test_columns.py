# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels of a window: what they say, and where they say nothing."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="PyArrow is not installed: no training here")

from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.waveforms import lte
from gnuradio.lwmspectro.waveforms.negatives import NegativeConfig
from gnuradio.lwmspectro.waveforms.scene import Scene
from gnuradio.lwmspectro.waveforms.traffic import Traffic
from lwmspectro_train import columns
from lwmspectro_train.kernel_renderer import KernelRenderer
from lwmspectro_train.scene_plan import PlannedScene


def labels_of(*transmitters: object) -> dict[str, list[Any]]:
    spec = kernels.window_spec()
    scenes = [
        PlannedScene(k, Scene(transmitter=t, samp_rate=1.92e6), 1.0, (1, k, 1))
        for k, t in enumerate(transmitters)
    ]
    windows = list(KernelRenderer(spec).render(scenes))
    table = columns.table(windows, columns.views(spec), {})
    return {c.name: table[c.name].to_pylist() for c in columns.COLUMNS}


def test_modulation_is_null_where_no_data_are_in_view() -> None:
    busy = lte.LteConfig(n_prb=25, modulation="64qam", traffic=Traffic(1.0, 1.0))
    idle = lte.LteConfig(n_prb=25, modulation="64qam", traffic=Traffic(0.0, 0.0))
    found = labels_of(busy, idle, NegativeConfig("white", 1.92e6))
    assert found["protocol"] == ["lte", "lte", "none"]
    assert found["modulation"] == ["64QAM", None, None]
    assert found["data_share"][0] > 0.5
    assert found["data_share"][1:] == [0.0, None]
    assert np.isfinite(found["snr_db"][:2]).all()

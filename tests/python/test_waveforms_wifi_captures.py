# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves the receiver of the tests on recordings of real stations."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import wifi_receiver

SAMPLES = 120_000  # of each recording


def test_frames_of_recordings_are_right(captures: Path) -> None:
    """Every frame wholly in view of conducted recordings (ci8 at 20 MS/s), by its FCS."""
    files = []
    for meta in sorted(captures.rglob("*.sigmf-meta")):
        fields = json.loads(meta.read_text())["global"]
        known = (fields["core:datatype"], fields.get("core:sample_rate")) == ("ci8", 20e6)
        label = fields.get("lwm:label", {})
        if known and label.get("protocol") == "wifi" and "conducted" in label.get("source", ""):
            files.append(meta.with_suffix(".sigmf-data"))
    if not files:
        pytest.skip(f"{captures} holds no conducted WiFi recordings")
    for path in files:
        octets = np.fromfile(path, np.int8, 2 * SAMPLES).astype(np.float32)
        frames = wifi_receiver.receive(octets.view(np.complex64))
        whole = [frame for frame in frames if frame.stop < SAMPLES]
        assert len(whole) > 15, path.name
        assert all(frame.ok for frame in whole), path.name

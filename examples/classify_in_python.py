#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classifier in a flowgraph of one's own: what is in each window of a recording.

classify_in_python.py RECORDING.sigmf-meta
"""

import sys
from typing import Any

from gnuradio import gr, lwmspectro

recording = lwmspectro.open_recording(sys.argv[1])
source = lwmspectro.iq_file_source(recording)  # or soapy.source, uhd.usrp_source
classifier = lwmspectro.classifier(recording.samp_rate, policy="block")  # live: "drop"


def show(message: dict[str, Any]) -> None:
    """Called with each message, in the thread of the model."""
    said = [message.get(key, "-") for key in ("sample_start", "status", "protocol", "modulation")]
    sys.stdout.write(" ".join(map(str, said)) + f" {message.get('snr_db', float('nan')):.1f} dB\n")


classifier.add_listener(show)
graph = gr.top_block()
graph.connect(source, classifier)
graph.run()

# SPDX-License-Identifier: GPL-3.0-or-later
"""GNU Radio's Viterbi decoder (gr-fec), which nobody here wrote, in place of ``viterbi``."""

import numpy as np
from gnuradio import blocks, fec, gr

TAIL = 6


def decode(llr: np.ndarray) -> np.ndarray:
    """Bits of a frame that starts and ends in the zero state; as ``viterbi.decode``."""
    n = llr.shape[0] - TAIL
    level = 48.0 / max(float(np.abs(llr).mean()), 1e-12)
    octets = np.clip(np.rint(128.0 - level * llr.reshape(-1)), 0, 255).astype(int)  # 255 is a 1
    # its polynomials are written newest bit last: 155 and 117 octal are 133 and 171 reversed
    decoder = fec.cc_decoder.make(n, 7, 2, [0o155, 0o117], 0, -1, fec.CC_TERMINATED, False)
    top = gr.top_block()
    source = blocks.vector_source_b(octets.tolist(), False)
    block = fec.decoder(decoder, gr.sizeof_char, gr.sizeof_char)
    sink = blocks.vector_sink_b()
    top.connect(source, block, sink)
    top.run()
    return np.concatenate([np.array(sink.data()[:n], np.uint8), np.zeros(TAIL, np.uint8)])

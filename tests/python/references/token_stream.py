# SPDX-License-Identifier: GPL-3.0-or-later
"""Vectors of tokens for the classifier, without a tokenizer."""

from typing import Any

import numpy as np
import pmt
from gnuradio import blocks, gr
from gnuradio.lwmspectro import keys


def window_tag(
    index: int, start: int | None = None, valid: float = 1.0, completed_at: float = 0.0
) -> Any:
    """The tag on vector ``index``, as the tokenizer writes it."""
    value = {
        keys.SAMPLE_START: pmt.from_uint64(index * 1000 if start is None else start),
        keys.SAMPLE_COUNT: pmt.from_uint64(1000),
        keys.RX_TIME: pmt.make_tuple(pmt.from_uint64(index), pmt.from_double(0.5)),
        keys.SAMPLE_RATE: pmt.from_double(2e6),
        keys.CENTER_FREQ: pmt.from_double(1e9),
        keys.VALID_FRACTION: pmt.from_double(valid),
        keys.NONFINITE: pmt.from_uint64(0),
        keys.COMPLETED_AT: pmt.from_double(completed_at),
    }
    tag = gr.tag_t()
    tag.offset = index
    tag.key = pmt.intern(keys.WINDOW)
    tag.value = pmt.make_dict()
    for key, field in value.items():
        tag.value = pmt.dict_add(tag.value, pmt.intern(key), field)
    return tag


def build(block: Any, tokens: np.ndarray, tags: list[Any] | None = None) -> tuple[Any, list[Any]]:
    """A flowgraph from tokens into the block, and what listeners hear."""
    tags = [window_tag(index) for index in range(len(tokens))] if tags is None else tags
    graph = gr.top_block()
    source = blocks.vector_source_f(tokens.ravel().tolist(), False, tokens.shape[1], tags)
    graph.connect(source, block)
    heard = []
    block.add_listener(heard.append)
    return graph, heard

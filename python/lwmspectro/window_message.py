# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent of a described window: its message, and the PDU of its embedding."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pmt
from numpy.typing import NDArray

from . import keys, message
from .message import Message
from .mixture import Description
from .window_info import WindowInfo

EMBEDDING_KEYS = (
    keys.PROTOCOL,
    keys.SAMPLE_START,
    keys.SAMPLE_COUNT,
    keys.RX_TIME,
    keys.SAMPLE_RATE,
    keys.CENTER_FREQ,
    keys.MODEL,
)
"""Keys of a message that go with an embedding, in their order."""


def window_message(description: Description, info: WindowInfo, dropped: int, model: str) -> Message:
    """The message of one window; latency is up to now.

    Args:
        description: what is said of it.
        info: where it lies in the stream.
        dropped: windows dropped so far.
        model: name and version of the bundle.
    """
    verdict = description.verdict
    result: Message = {keys.STATUS: verdict.status}
    if verdict.protocol is not None:
        result[keys.PROTOCOL] = verdict.protocol
    return result | {
        keys.PROTOCOL_P: verdict.protocol_p,
        **_expert_fields(description),
        keys.SAMPLE_START: info.sample_start,
        keys.SAMPLE_COUNT: info.sample_count,
        keys.RX_TIME: info.rx_time,
        keys.SAMPLE_RATE: info.sample_rate,
        keys.CENTER_FREQ: info.center_freq,
        keys.LATENCY_S: max(0.0, time.monotonic() - info.completed_at),
        keys.DROPPED_WINDOWS: dropped,
        keys.MODEL: model,
    }


def embedding_pdu(answer: Mapping[str, Any], embedding: NDArray[np.float32]) -> Any:
    """A PDU, (dict . f32vector), of the embedding of a window and its message."""
    about = message.to_pmt({key: answer[key] for key in EMBEDDING_KEYS})
    return pmt.cons(about, pmt.init_f32vector(len(embedding), embedding.tolist()))


def _expert_fields(description: Description) -> Message:
    answer = description.answer
    if answer is None:
        return {}
    named = {keys.MODULATION: answer.modulation, keys.MOBILITY: answer.mobility}
    numbers = {
        keys.MODULATION_P: answer.modulation_p,
        keys.SNR_DB: answer.snr_db,
        keys.MOBILITY_P: answer.mobility_p,
    }
    return {**{key: name for key, name in named.items() if name is not None}, **numbers}

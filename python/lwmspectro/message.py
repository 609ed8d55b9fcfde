# SPDX-License-Identifier: GPL-3.0-or-later
"""A classification message as a Python dict, as a PMT dict and as JSON.

The keys are in keys.py. Keys whose value is not known are absent; in JSON, where columns are
read by name, they are null.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pmt

from . import keys

Message: TypeAlias = dict[str, Any]
"""Keys of keys.MESSAGE_KEYS to str, int, float, or (seconds, fraction) for rx_time."""


_UNSAID = (keys.PROTOCOL, *keys.EXPERT_KEYS)
"""Keys that a window may lack, and that a record has."""


def _time_to_pmt(value: tuple[int, float]) -> Any:
    return pmt.make_tuple(pmt.from_uint64(value[0]), pmt.from_double(value[1]))


_TO_PMT: dict[str, Callable[[Any], Any]] = {
    keys.STATUS: pmt.intern,
    keys.PROTOCOL: pmt.intern,
    keys.PROTOCOL_P: pmt.from_double,
    keys.MODULATION: pmt.intern,
    keys.MODULATION_P: pmt.from_double,
    keys.SNR_DB: pmt.from_double,
    keys.MOBILITY: pmt.intern,
    keys.MOBILITY_P: pmt.from_double,
    keys.SAMPLE_START: pmt.from_uint64,
    keys.SAMPLE_COUNT: pmt.from_uint64,
    keys.RX_TIME: _time_to_pmt,
    keys.SAMPLE_RATE: pmt.from_double,
    keys.CENTER_FREQ: pmt.from_double,
    keys.LATENCY_S: pmt.from_double,
    keys.DROPPED_WINDOWS: pmt.from_uint64,
    keys.MODEL: pmt.intern,
}


def to_pmt(message: Mapping[str, Any]) -> Any:
    """The PMT dict of a message: symbols, doubles, uint64s, and a tuple for rx_time.

    Raises:
        ValueError: a key is not one of keys.MESSAGE_KEYS.
    """
    if unknown := sorted(set(message) - set(_TO_PMT)):
        raise ValueError(f"message: expected keys {list(keys.MESSAGE_KEYS)}, got {unknown}")
    result = pmt.make_dict()
    for key in keys.MESSAGE_KEYS:
        if key in message:
            result = pmt.dict_add(result, pmt.intern(key), _TO_PMT[key](message[key]))
    return result


def from_pmt(value: Any) -> Message:
    """The inverse of :func:`to_pmt`.

    Raises:
        ValueError: it is not a PMT dict with the keys of a message.
    """
    fields = pmt.to_python(value) if pmt.is_dict(value) else None
    if not isinstance(fields, dict) or set(fields) - set(_TO_PMT):
        raise ValueError(f"message: expected a dict of {list(keys.MESSAGE_KEYS)}, got {value}")
    return {key: fields[key] for key in keys.MESSAGE_KEYS if key in fields}


def to_record(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message with only what JSON holds: rx_time as one number of seconds, null for
    numbers that are not finite and for what is not said of the window.
    """
    full = {**dict.fromkeys(_UNSAID), **message}
    record = {key: full[key] for key in keys.MESSAGE_KEYS if key in full}
    seconds, fraction = message[keys.RX_TIME]
    record[keys.RX_TIME] = seconds + fraction
    return {key: _finite_or_none(value) for key, value in record.items()}


def to_json(record: Mapping[str, Any]) -> str:
    """One line of JSON."""
    return json.dumps(record, allow_nan=False)


def _finite_or_none(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value

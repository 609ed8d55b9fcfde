# SPDX-License-Identifier: GPL-3.0-or-later
import json
import math

import pmt
import pytest
from gnuradio.lwmspectro import keys, message
from gnuradio.lwmspectro.window_info import WindowInfo
from hypothesis import given
from hypothesis import strategies as st

FULL = {
    keys.STATUS: keys.STATUS_OK,
    keys.PROTOCOL: "nr",
    keys.PROTOCOL_P: 0.75,
    keys.MODULATION: "QPSK",
    keys.MODULATION_P: 0.5,
    keys.SNR_DB: -3.5,
    keys.MOBILITY: "pedestrian",
    keys.MOBILITY_P: 0.25,
    keys.SAMPLE_START: 2**63,
    keys.SAMPLE_COUNT: 49152,
    keys.RX_TIME: (1_700_000_000, 0.123456789),
    keys.SAMPLE_RATE: 1.92e6,
    keys.CENTER_FREQ: 3.5e9,
    keys.LATENCY_S: 0.004,
    keys.DROPPED_WINDOWS: 7,
    keys.MODEL: "tiny-1",
}
texts = st.text(st.characters(codec="ascii", exclude_characters="\0"))
counts = st.integers(0, 2**64 - 1)
numbers = st.floats()
kinds = {
    keys.RX_TIME: st.tuples(counts, st.floats(0, 1, exclude_max=True)),
    **dict.fromkeys([keys.SAMPLE_START, keys.SAMPLE_COUNT, keys.DROPPED_WINDOWS], counts),
    **dict.fromkeys(
        [keys.STATUS, keys.PROTOCOL, keys.MODULATION, keys.MOBILITY, keys.MODEL], texts
    ),
}
every_key = {key: kinds.get(key, numbers) for key in keys.MESSAGE_KEYS}
required = (keys.STATUS, keys.RX_TIME)
some_message = st.fixed_dictionaries(
    {key: every_key[key] for key in required},
    optional={key: kind for key, kind in every_key.items() if key not in required},
)


def same(left, right):
    return repr(left) == repr(right)  # NaN is not equal to itself


def test_full_message_there_and_back():
    assert message.from_pmt(message.to_pmt(FULL)) == FULL


@given(some_message)
def test_any_message_there_and_back(fields):
    ordered = {key: fields[key] for key in keys.MESSAGE_KEYS if key in fields}
    assert same(message.from_pmt(message.to_pmt(fields)), ordered)


@given(some_message)
def test_json_is_always_strict(fields):
    def refuse(text):
        raise AssertionError(text)

    record = message.to_record(fields)
    line = message.to_json(record)
    assert "\n" not in line
    assert same(json.loads(line, parse_constant=refuse), record)


def test_types_in_the_pmt():
    value = message.to_pmt(FULL)

    def field(key):
        return pmt.dict_ref(value, pmt.intern(key), pmt.PMT_NIL)

    assert pmt.is_symbol(field(keys.STATUS))
    assert pmt.is_uint64(field(keys.SAMPLE_START))
    assert pmt.is_real(field(keys.SAMPLE_RATE))
    assert pmt.is_tuple(field(keys.RX_TIME))
    assert pmt.to_uint64(pmt.tuple_ref(field(keys.RX_TIME), 0)) == 1_700_000_000


def test_record():
    record = message.to_record({**FULL, keys.SNR_DB: math.nan})
    assert record[keys.SNR_DB] is None
    assert record[keys.RX_TIME] == pytest.approx(1_700_000_000.123456789)
    unnamed = {key: value for key, value in FULL.items() if key != keys.PROTOCOL}
    assert message.to_record(unnamed)[keys.PROTOCOL] is None


def test_unknown_keys_are_refused():
    with pytest.raises(ValueError, match="got \\['surprise'\\]"):
        message.to_pmt({**FULL, "surprise": 1})
    with pytest.raises(ValueError, match="expected a dict"):
        message.from_pmt(pmt.intern("text"))


def test_window_tag():
    value = pmt.make_dict()
    fields = {
        keys.SAMPLE_START: pmt.from_uint64(5),
        keys.SAMPLE_COUNT: pmt.from_uint64(7),
        keys.RX_TIME: pmt.make_tuple(pmt.from_uint64(1), pmt.from_double(0.5)),
        keys.SAMPLE_RATE: pmt.from_double(2e6),
        keys.CENTER_FREQ: pmt.from_double(1e9),
        keys.VALID_FRACTION: pmt.from_double(0.25),
        keys.NONFINITE: pmt.from_uint64(2),
        keys.COMPLETED_AT: pmt.from_double(9.0),
    }
    for key, field in fields.items():
        value = pmt.dict_add(value, pmt.intern(key), field)
    assert WindowInfo.from_pmt(value) == WindowInfo(5, 7, (1, 0.5), 2e6, 1e9, 0.25, 2, 9.0)
    with pytest.raises(ValueError, match="nonfinite"):
        WindowInfo.from_pmt(pmt.dict_delete(value, pmt.intern(keys.NONFINITE)))
    with pytest.raises(ValueError, match="expected a dict"):
        WindowInfo.from_pmt(pmt.PMT_T)

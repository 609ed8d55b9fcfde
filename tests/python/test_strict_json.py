# SPDX-License-Identifier: GPL-3.0-or-later
import contextlib
import dataclasses
import json
from typing import Any

import pytest
from gnuradio.lwmspectro.strict_json import SchemaError, build, parse, to_json
from hypothesis import given
from hypothesis import strategies as st


@dataclasses.dataclass(frozen=True)
class Inner:
    ratio: float
    names: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Outer:
    count: int
    on: bool
    inner: Inner
    table: dict[str, Inner]
    size: tuple[int | str, ...]
    free: dict[str, Any]
    perhaps: Inner | None = None


GOOD = {
    "count": 3,
    "on": True,
    "inner": {"ratio": 1, "names": ["a", "b"]},
    "table": {"x": {"ratio": 0.5, "names": []}},
    "size": ["batch", 4],
    "free": {"anything": [None, 1.5]},
}

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@dataclasses.dataclass(frozen=True)
class Later:
    first: int
    added: tuple[str, ...] = ()


def test_a_key_may_be_missing_where_there_is_a_default():
    assert build(Later, {"first": 1}, "top") == Later(1)
    assert to_json(Later(1)) == {"first": 1}
    full = {"first": 1, "added": ["x"]}
    assert to_json(build(Later, full, "top")) == full
    with pytest.raises(SchemaError, match=r"got none of \['first'\]"):
        build(Later, {"added": []}, "top")


def test_there_and_back():
    outer = build(Outer, GOOD, "top")
    assert outer.inner == Inner(1.0, ("a", "b"))
    assert isinstance(outer.inner.ratio, float)
    assert build(Outer, json.loads(json.dumps(to_json(outer))), "top") == outer


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": 3.0}, "top.count: expected a whole number, got 3.0 (number)"),
        ({"count": True}, "top.count: expected a whole number, got true"),
        ({"count": None}, "top.count: expected a whole number, got null"),
        ({"on": 1}, "top.on: expected true or false, got 1 (number)"),
        ({"inner": []}, "top.inner: expected an object, got an array of 0"),
        ({"size": [1.5]}, "top.size[0]: expected a whole number or a string, got 1.5 (number)"),
        ({"size": "ab"}, "top.size: expected an array, got 'ab' (string)"),
        ({"table": {"x": 1}}, "top.table.x: expected an object, got 1 (number)"),
        ({"more": 1}, "got unknown ['more']"),
        ({"inner": {"ratio": 1}}, "got none of ['names']"),
        ({"inner": {"ratio": "1", "names": []}}, "top.inner.ratio: expected a finite number"),
        ({"inner": {"ratio": 10**400, "names": []}}, "top.inner.ratio: expected a finite number"),
        ({"inner": {"ratio": 1, "names": ["a", 2]}}, "top.inner.names[1]: expected a string"),
        ({"perhaps": {"ratio": "1"}}, "top.perhaps.ratio: expected a finite number"),
        ({"perhaps": 1}, "top.perhaps: expected an object or null, got 1 (number)"),
    ],
)
def test_what_is_refused_says_expected_and_got(change, message):
    with pytest.raises(SchemaError) as caught:
        build(Outer, {**GOOD, **change}, "top")
    assert message in str(caught.value)


@given(any_json)
def test_anything_else_is_a_schema_error(data):
    with pytest.raises(SchemaError):
        build(Outer, data, "top")


@given(st.sampled_from(sorted(GOOD)), any_json)
def test_any_value_is_taken_or_refused(key, value):
    with contextlib.suppress(SchemaError):
        outer = build(Outer, {**GOOD, key: value}, "top")
        assert build(Outer, to_json(outer), "top") == outer


@pytest.mark.parametrize(
    "text",
    ["", "{", "{}x", "NaN", '{"a": Infinity}', '{"a": 1, "a": 2}', "[" * 100_000, b"\xff\xfe\x00"],
)
def test_text_that_is_not_json(text):
    with pytest.raises(SchemaError, match="not JSON"):
        parse(text)


@given(st.binary())
def test_any_bytes_parse_or_are_refused(text):
    with contextlib.suppress(SchemaError):
        parse(text)

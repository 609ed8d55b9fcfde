# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON to frozen dataclasses and back, with nothing guessed.

Unknown keys, missing keys and wrong types are refused with a message that names the
place, what was expected and what came.
"""

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class SchemaError(ValueError):
    """JSON that does not follow its schema."""


def parse(text: str | bytes) -> Any:
    """JSON text to Python objects.

    Stricter than ``json.loads``: a repeated key, ``NaN`` and ``Infinity`` are refused,
    and whatever is wrong with the text ends in one kind of error.

    Raises:
        SchemaError: the text is not JSON.
    """
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique)
    except RecursionError:
        raise SchemaError("not JSON that can be read: nested too deeply") from None
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError among them
        raise SchemaError(f"not JSON: {error}") from None


def build(cls: type[T], data: Any, where: str) -> T:
    """An instance of the dataclass ``cls`` from parsed JSON.

    Fields may be of type bool, int, float, str, Any, tuple[X, ...], dict[str, X], a union of
    these, or another dataclass. An int is taken where a float is expected. A key may be
    missing where its field has a default.

    Args:
        cls: a dataclass whose fields all have types of the kinds above.
        data: what ``json.loads`` returned.
        where: name of the place, for messages.

    Raises:
        SchemaError: a key is unknown or missing, or a value has the wrong type.
    """
    values = arguments(cls, data, where)
    fields = dataclasses.fields(typing.cast(Any, cls))
    absent = dataclasses.MISSING
    needed = {f.name for f in fields if f.default is absent and f.default_factory is absent}
    if missing := sorted(needed - set(values)):
        names = sorted(field.name for field in fields)
        raise SchemaError(f"{where}: expected keys {names}, got none of {missing}")
    return cls(**values)


def arguments(cls: type[Any], data: Any, where: str) -> dict[str, Any]:
    """Some fields of the dataclass ``cls`` from parsed JSON, by name; see :func:`build`.

    Raises:
        SchemaError: a key is unknown, or a value has the wrong type.
    """
    if not isinstance(data, dict):
        raise SchemaError(f"{where}: expected an object, got {describe(data)}")
    hints = typing.get_type_hints(cls)
    names = {field.name for field in dataclasses.fields(cls) if field.init}
    if unknown := sorted(set(data) - names):
        raise SchemaError(f"{where}: expected keys {sorted(names)}, got unknown {unknown}")
    return {name: _convert(hints[name], data[name], f"{where}.{name}") for name in data}


def to_json(value: Any) -> Any:
    """What :func:`build` reads: dataclasses to objects, tuples to arrays, the rest as it is.

    Fields that hold their default are left out.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = [(field, getattr(value, field.name)) for field in dataclasses.fields(value)]
        return {field.name: to_json(held) for field, held in pairs if held != field.default}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    return value


def describe(value: Any) -> str:
    """A value and its JSON type, in a few words, for messages."""
    if isinstance(value, dict):
        return f"an object of {len(value)} keys"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    text = repr(value)
    text = text if len(text) <= 40 else text[:37] + "..."
    return f"{text} ({'string' if isinstance(value, str) else 'number'})"


_PLAIN: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    str: "a string",
    types.NoneType: "null",
}


def _convert(hint: Any, value: Any, where: str) -> Any:
    if hint is Any:
        return value
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple and isinstance(value, list):
        return tuple(_convert(arguments[0], v, f"{where}[{n}]") for n, v in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {key: _convert(arguments[1], v, f"{where}.{key}") for key, v in value.items()}
    if origin is types.UnionType:
        return _convert_union(arguments, value, where)
    if dataclasses.is_dataclass(hint):
        return build(typing.cast(Any, hint), value, where)
    if hint is float and type(value) in (int, float):
        return _finite(value, where)
    if type(value) is hint:
        return value
    raise SchemaError(f"{where}: expected {_name(hint)}, got {describe(value)}")


def _convert_union(members: tuple[Any, ...], value: Any, where: str) -> Any:
    objects = [member for member in members if dataclasses.is_dataclass(member)]
    if isinstance(value, dict) and len(objects) == 1:  # what is wrong within says more
        return _convert(objects[0], value, where)
    for member in members:
        try:
            return _convert(member, value, where)
        except SchemaError:
            continue
    names = " or ".join(_name(member) for member in members)
    raise SchemaError(f"{where}: expected {names}, got {describe(value)}")


def _name(hint: Any) -> str:
    origin = typing.get_origin(hint)
    if origin is tuple:
        return "an array"
    if origin is dict or dataclasses.is_dataclass(hint):
        return "an object"
    return _PLAIN[hint]


def _finite(value: float, where: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise SchemaError(f"{where}: expected a finite number, got {describe(value)}")
    return number


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {twice!r} is there twice")
    return result

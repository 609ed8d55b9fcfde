# SPDX-License-Identifier: GPL-3.0-or-later
"""keys.py and message_keys.h spell the same names, and so do the fields of WindowInfo."""

import dataclasses
import re

from gnuradio.lwmspectro import keys
from gnuradio.lwmspectro.window_info import WindowInfo


def python_keys():
    return {name: value for name, value in vars(keys).items() if isinstance(value, str)}


def test_python_and_cpp_agree(repository):
    header = (repository / "include/gnuradio/lwmspectro/message_keys.h").read_text()
    cpp = dict(re.findall(r'constexpr char (\w+)\[\] = "([^"]*)";', header))
    python = {name: value for name, value in python_keys().items() if name.isupper()}
    assert cpp
    assert {name: python[name] for name in cpp} == cpp
    assert set(python) - set(cpp) == {"SCENE", "FILE"}  # C++ neither reads nor writes these


def test_every_constant_of_the_header_is_read(repository):
    header = (repository / "include/gnuradio/lwmspectro/message_keys.h").read_text()
    assert header.count("constexpr") == len(re.findall(r'constexpr char (\w+)\[\] = "', header))


def test_message_keys_are_constants_and_different():
    assert len(set(keys.MESSAGE_KEYS)) == len(keys.MESSAGE_KEYS)
    assert set(keys.MESSAGE_KEYS) <= set(python_keys().values())


def test_tag_names_that_gnu_radio_uses():
    assert (keys.RX_TIME, keys.RX_RATE, keys.RX_FREQ) == ("rx_time", "rx_rate", "rx_freq")


def test_fields_of_the_window_tag_are_keys():
    names = {field.name for field in dataclasses.fields(WindowInfo)}
    assert names <= {value for name, value in python_keys().items() if name.isupper()}

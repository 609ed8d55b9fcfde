# SPDX-License-Identifier: GPL-3.0-or-later
"""The block descriptions for GNU Radio Companion against the blocks themselves."""

import ast
import inspect
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from gnuradio import gr, lwmspectro
from gnuradio.lwmspectro import kernels, keys
from gnuradio.lwmspectro.sample_format import FORMATS
from gnuradio.lwmspectro.synthetic_scenes import SCENES
from gnuradio.lwmspectro.synthetic_source import CYCLE, TOUR
from gnuradio.lwmspectro.transmitters import settings
from gnuradio.lwmspectro.waveforms import lte, single_carrier
from gnuradio.lwmspectro.waveforms.frontend import PROFILES
from gnuradio.lwmspectro.waveforms.frontend_profiles import TYPICAL
from gnuradio.lwmspectro.window_message import EMBEDDING_KEYS
from gnuradio.lwmspectro.worker import POLICIES

FOLDER = Path(__file__).resolve().parents[2] / "grc"
BLOCKS = {
    path.name.removesuffix(".block.yml").removeprefix("lwmspectro_"): yaml.safe_load(
        path.read_text(encoding="utf-8")
    )
    for path in sorted(FOLDER.glob("*.block.yml"))
}
CLASSES = {name: getattr(lwmspectro, name) for name in BLOCKS}
MODELS = {"router", "experts"}  # for tests
PLACED_BY_TEMPLATE = {  # arguments that GRC's users do not give one by one
    "classifier": MODELS,
    "moe_classifier": MODELS,
    "tokenizer": {"spec"},
    "iq_file_source": {"recordings"},
    "tdl_channel": {"profile"},
}
HELPERS = {  # and what takes their parameters instead
    "iq_file_source": lwmspectro.open_recording,
    "tdl_channel": lwmspectro.channel_profile,
}
NAMED_OTHERWISE = {"iq_file_source": {"name": "file"}}
VARIABLE = "samp_rate"  # what a new flowgraph calls it


def each_block(test):
    return pytest.mark.parametrize("name", sorted(BLOCKS))(test)


def defaults_of(function):
    """Arguments and their defaults (... where there is none), of Python or pybind11."""
    text = (function.__init__.__doc__ if inspect.isclass(function) else None) or ""
    if "self:" not in text:
        parameters = inspect.signature(function).parameters.values()
        return {p.name: ... if p.default is p.empty else p.default for p in parameters}
    found = {}
    for argument in re.findall(r"(\w+: [^,()]+(?:\[[^\]]*\])?(?: = [^,)]+)?)", text)[1:]:
        name, _, rest = argument.partition(": ")
        _, given, default = rest.partition(" = ")
        found[name] = ast.literal_eval(default) if given and "<" not in default else ...
    return found


def value_of(parameter):
    text = str(parameter["default"])
    if parameter["dtype"] in ("string", "dir_select", "file_open"):
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):  # a variable, or one of the options
        return text


def parameters_of(name):
    return {parameter["id"]: parameter for parameter in BLOCKS[name]["parameters"]}


def test_every_block_is_there():
    public = {name: getattr(lwmspectro, name) for name in lwmspectro.__all__}
    kinds = (gr.gateway.gateway_block, gr.hier_block2, gr.block)
    wanted = {n for n, item in public.items() if inspect.isclass(item) and issubclass(item, kinds)}
    assert set(BLOCKS) == wanted


@each_block
def test_name_place_and_port_style(name):
    block = BLOCKS[name]
    assert block["id"] == f"lwmspectro_{name}"
    assert block["category"] == "[LWM-Spectro]"
    assert block["label"].startswith("LWM-Spectro ")
    assert block["file_format"] == 1
    for port in block.get("inputs", []) + block.get("outputs", []):
        if port["domain"] == "message":
            hidden = {"hide"} if port["id"] == keys.EMBEDDING else set()
            assert set(port) == {"domain", "id", "optional", *hidden}
            assert port["id"] in (keys.CLASSIFICATION, keys.EMBEDDING, keys.COMMAND)


@each_block
def test_every_parameter_is_documented(name):
    text = BLOCKS[name]["documentation"]
    described = re.findall(r"^  ([A-Z][^:]*):", text[text.index("\nParameters:") :], re.MULTILINE)
    labels = [re.sub(r" \(.*\)", "", p["label"]) for p in BLOCKS[name]["parameters"]]
    assert sorted(described) == sorted(labels)


@each_block
def test_defaults_are_those_of_the_block(name):
    arguments = defaults_of(CLASSES[name])
    skipped = PLACED_BY_TEMPLATE.get(name, set())
    assert skipped <= set(arguments)
    arguments = {key: value for key, value in arguments.items() if key not in skipped}
    if name in HELPERS:
        renamed = NAMED_OTHERWISE.get(name, {})
        helper = defaults_of(HELPERS[name])
        arguments |= {renamed.get(key, key): value for key, value in helper.items()}
    parameters = parameters_of(name)
    # the tokenizer's spec comes from the bundle
    assert set(parameters) - ({"model"} if name == "tokenizer" else set()) == set(arguments)
    for key, default in arguments.items():
        given = value_of(parameters[key])
        if default is not ... and given != VARIABLE:
            assert (tuple(given) if isinstance(default, tuple) else given) == default, key


@each_block
def test_arguments_are_in_the_order_of_the_block(name):
    made = re.findall(r"\$\{(\w+)\}", BLOCKS[name]["templates"]["make"])
    assert sorted(made) == sorted(parameters_of(name))
    if PLACED_BY_TEMPLATE.get(name, MODELS) == MODELS:
        assert made == [given for given in defaults_of(CLASSES[name]) if given not in MODELS]


@each_block
def test_callbacks_exist(name):
    callbacks = BLOCKS[name]["templates"].get("callbacks", [])
    kinds = [k for k in CLASSES[name].__mro__ if k.__module__.startswith("gnuradio.lwmspectro")]
    setters = [member for kind in kinds for member in vars(kind) if member.startswith("set_")]
    if name == "tdl_channel":  # set_profile sees that the Doppler shift alone has changed
        setters.remove("set_doppler")
    assert sorted(callback.partition("(")[0] for callback in callbacks) == sorted(setters)


@each_block
def test_limits_of_the_sample_rate(name):
    if "samp_rate" in parameters_of(name):
        text = " ".join(BLOCKS[name]["asserts"])
        low, high = re.search(r"([\d.e]+) <= samp_rate <= ([\d.e]+)", text).groups()
        assert (float(low), float(high)) == (kernels.min_samp_rate, kernels.max_samp_rate)


def test_options():
    def options(block, parameter):
        return parameters_of(block)[parameter]["options"]

    assert set(options("classifier", "policy")) == set(POLICIES)
    assert set(options("moe_classifier", "policy")) == set(POLICIES)
    assert set(options("synthetic_source", "scenes")) == {CYCLE, TOUR, *SCENES}
    assert options("front_end", "profile") == list(PROFILES)
    assert options("wifi_source", "standard") == list(settings.STANDARDS)
    for cell in ("lte_source", "nr_source"):
        assert options(cell, "duplex") == list(settings.DUPLEX)
        assert options(cell, "modulation") == [*settings.QAM, settings.MIXED]
    assert [int(n) for n in options("lte_source", "n_prb")] == sorted(lte.FFT_SIZES)
    assert options("single_carrier_source", "modulation") == list(single_carrier.MODULATIONS)
    formats = [ast.literal_eval(str(option)) for option in options("iq_file_source", "dtype")]
    assert formats == [None, *FORMATS]


@pytest.mark.parametrize("name", ["classifier", "moe_classifier"])
def test_the_message_is_documented(name):
    lines = BLOCKS[name]["documentation"].splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("Message port"))
    documented = [line.split()[0] for line in lines[first + 1 :] if line.startswith("  ")]
    assert tuple(documented[: len(keys.MESSAGE_KEYS)]) == keys.MESSAGE_KEYS


@pytest.mark.parametrize("name", ["classifier", "moe_classifier"])
def test_the_keys_of_an_embedding_are_documented(name):
    text = BLOCKS[name]["documentation"]
    said = text[text.index("Message port embedding") : text.index("\nParameters:")]
    listed = said[said.index("The dict has") : said.index(", as above")]
    words = re.findall(r"\b[a-z_]+\b", listed.replace("The dict has", ""))
    assert [word for word in words if word != "and"] == list(EMBEDDING_KEYS)


FLOWGRAPH = """
options:
  parameters: {{id: flowgraph, generate_options: no_gui, run_options: run, title: test}}
  states: {{coordinate: [8, 8], rotation: 0, state: enabled}}
blocks:
- name: source
  id: lwmspectro_synthetic_source
  parameters: {{samp_rate: {samp_rate}}}
  states: {{coordinate: [8, 8]}}
- name: channel
  id: lwmspectro_tdl_channel
  parameters: {{samp_rate: {samp_rate}}}
  states: {{coordinate: [8, 8]}}
- name: head
  id: blocks_head
  parameters: {{type: complex, num_items: '120000'}}
  states: {{coordinate: [8, 8]}}
- name: tokenizer
  id: lwmspectro_tokenizer
  parameters: {{samp_rate: {samp_rate}}}
  states: {{coordinate: [8, 8]}}
- name: model
  id: lwmspectro_moe_classifier
  parameters: {{policy: block}}
  states: {{coordinate: [8, 8]}}
- name: messages
  id: blocks_message_debug
  parameters: {{}}
  states: {{coordinate: [8, 8]}}
connections:
- [source, '0', channel, '0']
- [channel, '0', head, '0']
- [head, '0', tokenizer, '0']
- [tokenizer, '0', model, '0']
- [model, classification, messages, print]
metadata: {{file_format: 1}}
"""


@pytest.fixture
def compile_flowgraph(prefix, lte_bundle, tmp_path):
    """Compile FLOWGRAPH: compile_flowgraph(samp_rate, **environment)."""
    grcc = shutil.which("grcc") or pytest.fail("there is no grcc: install gnuradio")

    def compile_it(samp_rate, **environment):
        (tmp_path / "flowgraph.grc").write_text(FLOWGRAPH.format(samp_rate=samp_rate))
        defaults = {
            "HOME": str(tmp_path),
            "GRC_BLOCKS_PATH": str(prefix / "share/gnuradio/grc/blocks"),
            "LWMSPECTRO_MODEL": str(lte_bundle),
        }
        return subprocess.run(
            [sys.executable, grcc, "-o", tmp_path, tmp_path / "flowgraph.grc"],
            env={**os.environ, **defaults, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return compile_it


def test_the_length_of_vectors_comes_from_the_bundle(compile_flowgraph, lte_bundle, tmp_path):
    compiled = compile_flowgraph("2e6")
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
    ran = subprocess.run(
        [sys.executable, tmp_path / "flowgraph.py"],
        env={**os.environ, "LWMSPECTRO_MODEL": str(lte_bundle)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert ran.stdout.count("(protocol . lte)") == 2


def test_a_missing_bundle_is_named(compile_flowgraph):
    compiled = compile_flowgraph("2e6", LWMSPECTRO_MODEL="/nowhere")
    assert compiled.returncode != 0
    assert "/nowhere/bundle.json: cannot be read" in compiled.stdout + compiled.stderr


def test_a_wrong_sample_rate_is_refused(compile_flowgraph):
    compiled = compile_flowgraph("1e6")
    assert compiled.returncode != 0
    assert "1.92e6 <= samp_rate <= 61.44e6" in compiled.stdout + compiled.stderr


def test_the_typical_receivers_are_documented():
    rows = BLOCKS["front_end"]["documentation"].splitlines()
    for name, cfg in TYPICAL.items():
        row = next(line for line in rows if line.strip().lower().startswith(name))
        if name == "ideal":
            continue
        numbers = [float(text) for text in re.findall(r"(?<![-\w])-?\d+\.?\d*", row)]
        told = [cfg.bits, cfg.dc_db, cfg.iq_gain_db, cfg.iq_phase_deg, cfg.ppm]
        assert numbers == told, name

# SPDX-License-Identifier: GPL-3.0-or-later
"""What all Python tests share. They test the installed module, as its users see it."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis.configuration import set_hypothesis_home_dir

REPOSITORY = Path(__file__).resolve().parents[2]

set_hypothesis_home_dir(REPOSITORY / "build" / "cache" / "hypothesis")
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_sessionstart() -> None:
    """Say in one line what to do where the module at hand is not the one to test."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # of a shell that runs this in the background; programs that are tested would inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    built = REPOSITORY / "build" / "prefix"
    try:
        from gnuradio import lwmspectro
    except ImportError as error:
        stop = (
            f"cannot import gnuradio.lwmspectro ({error}): "
            "run `make build`, then `build/venv/bin/python -m pytest`"
        )
    else:
        found = Path(lwmspectro.__file__)
        if not built.is_dir() or found.is_relative_to(built):
            return
        stop = f"gnuradio.lwmspectro of {found.parent} hides build/prefix: run `make uninstall`"
    pytest.exit(stop, returncode=pytest.ExitCode.USAGE_ERROR)


def pytest_report_header() -> str:
    """Which installation is tested."""
    from gnuradio import lwmspectro

    return f"gnuradio.lwmspectro: {Path(lwmspectro.__file__).parent}"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the source tree."""
    return REPOSITORY


@pytest.fixture(scope="session")
def module() -> ModuleType:
    """gnuradio.lwmspectro, as installed."""
    from gnuradio import lwmspectro

    return lwmspectro


@pytest.fixture(scope="session")
def prefix() -> Path:
    """The prefix under which the module at hand is installed."""
    from gnuradio.lwmspectro import _paths

    return _paths.SHARE_DIR.parents[1]


RunApp = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def run_app(prefix: Path) -> RunApp:
    """Run an installed command line to its end: run_app(name, *arguments, timeout, **subprocess).

    The environment is empty unless one is given.
    """

    def run(
        name: str, *arguments: object, timeout: float = 120.0, **options: object
    ) -> subprocess.CompletedProcess[str]:
        command = [str(prefix / "bin" / name), *map(str, arguments)]
        defaults = {"capture_output": True, "text": True, "env": {}, "check": False}
        return subprocess.run(command, timeout=timeout, **{**defaults, **options})

    return run


@pytest.fixture(scope="session")
def captures() -> Path:
    """A folder of recordings, for tests that only run where somebody has one."""
    folder = os.environ.get("LWMSPECTRO_CAPTURES")
    if not folder:
        pytest.skip("LWMSPECTRO_CAPTURES names no folder of recordings")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"LWMSPECTRO_CAPTURES={folder} is not a folder")
    return path


@pytest.fixture
def rng() -> np.random.Generator:
    """The same random numbers in every run."""
    return np.random.default_rng(20240229)


MakeBundle = Callable[..., Path]


@pytest.fixture(scope="session")
def make_bundle(tmp_path_factory: pytest.TempPathFactory) -> MakeBundle:
    """A bundle of tiny models: make_bundle(gain=1, bias=[0] * 4, experts=(), least_p=0).

    Its logits are tokens[:, :4] * gain + bias; its experts are those of tiny_models.py. Fields
    of its bundle.json may be given; those of ``spec`` are put among the usual ones.
    """
    from gnuradio.lwmspectro import Spec, kernels
    from gnuradio.lwmspectro.bundle_writer import write_bundle
    from tiny_models import describe_router, expert_fields, tiny_expert, tiny_router

    vlen = kernels.window_spec().vlen

    def make(
        gain: float = 1.0,
        bias: tuple[float, ...] = (0, 0, 0, 0),
        experts: tuple[str, ...] = (),
        least_p: float = 0.0,
        **fields: Any,
    ) -> Path:
        folder = tmp_path_factory.mktemp("bundle") / "tiny"
        spec = {
            "features": kernels.features_version,
            "n_frames": 128,
            "frame_us": 200,
            "n_bins": 128,
            "hop_frames": 128,
            "samp_rate_min": 1.92e6,
            "samp_rate_max": 61.44e6,
            "correlogram_rows": list(kernels.correlogram_rows),
            **fields.pop("spec", {}),
        }
        contents = {"router.onnx": tiny_router(vlen, gain, bias)}
        extra = {"models": {}, "labels": {}, "thresholds": {}}
        if experts:
            whole = Spec.from_json(spec).vlen
            extra = expert_fields(whole, experts, least_p)
            contents |= {f"expert_{name}.onnx": tiny_expert(whole, name) for name in experts}
        defaults: dict[str, Any] = {
            "name": "tiny",
            "version": "1",
            "spec": spec,
            "labels": {"protocol": ["wifi", "lte", "nr", "none"], **extra["labels"]},
            "thresholds": {
                "protocol_p": 0.7,
                "partial_p": 0.9,
                "energy_db": 6.0,
                "evidence_db": -200.0,
                "temperature": 1.0,
                "experts": extra["thresholds"],
            },
            "models": {"router": describe_router(vlen), **extra["models"]},
            "provenance": {},
            "metrics": {},
        }
        write_bundle(folder, {**defaults, **fields}, contents, "# tiny\n")
        return folder

    return make


@pytest.fixture(scope="session")
def lte_bundle(make_bundle: MakeBundle) -> Path:
    """A bundle that takes everything for LTE, with p = 0.8."""
    return make_bundle(gain=0.0, bias=(0.0, 2.485, 0.0, 0.0))


@pytest.fixture
def write_sigmf(tmp_path: Path) -> Callable[..., Path]:
    """write_sigmf(name, data, captures, **fields): a recording, without its suffix.

    It is ci8 at 2.4 MS/s unless ``fields`` say else, with core__datatype for core:datatype.
    """

    def write(
        name: str, data: bytes, captures: object = ({"core:sample_start": 0},), **fields: object
    ) -> Path:
        info = {"core:datatype": "ci8", "core:sample_rate": 2.4e6, "core:version": "1.2.0"}
        info.update({key.replace("__", ":"): value for key, value in fields.items()})
        text = json.dumps({"global": info, "captures": captures, "annotations": []})
        (tmp_path / f"{name}.sigmf-meta").write_text(text)
        (tmp_path / f"{name}.sigmf-data").write_bytes(data)
        return tmp_path / name

    return write


@pytest.fixture(scope="session")
def read_all() -> Callable[..., tuple[np.ndarray, list[tuple[int, object]]]]:
    """read_all(recording, limit): its samples, and (position, segment) where each begins."""
    from gnuradio.lwmspectro.sample_reader import SampleReader

    def read(recording: object, limit: int = 7) -> tuple[np.ndarray, list[tuple[int, object]]]:
        reader = SampleReader(recording)
        samples, begins, position = [np.zeros(0, np.complex64)], [], 0
        while (chunk := reader.read(limit)) is not None:
            if chunk.begins is not None:
                begins.append((position, chunk.begins))
            assert len(chunk.samples) <= limit
            samples.append(chunk.samples)
            position += len(chunk.samples)
            assert reader.position == position
        reader.close()
        reader.close()
        return np.concatenate(samples), begins

    return read


Tokenize = Callable[..., tuple[np.ndarray, list[Any]]]


@pytest.fixture
def tokenize(rng: np.random.Generator) -> Tokenize:
    """Run the tokenizer block: tokenize(block, iq, tags=(), sizes=random) -> tokens, infos.

    Tags are (offset, key, PMT value); sizes are those of the pieces that the source makes.
    """
    import pmt
    from gnuradio import blocks, gr
    from gnuradio.lwmspectro.window_info import WindowInfo

    class ChunkSource(gr.sync_block):
        def __init__(self, iq: np.ndarray, tags: list[Any], sizes: Iterator[int]) -> None:
            gr.sync_block.__init__(self, name="chunks", in_sig=None, out_sig=[np.complex64])
            self.rest, self.tags, self.sizes = iq, tags, sizes
            self.set_min_output_buffer(1 << 18)

        def work(self, _: list[np.ndarray], output_items: list[np.ndarray]) -> int:
            if len(self.rest) == 0:
                return int(gr.WORK_DONE)
            n = min(next(self.sizes), len(output_items[0]), len(self.rest))
            output_items[0][:n], self.rest = self.rest[:n], self.rest[n:]
            while self.tags and self.tags[0][0] < self.nitems_written(0) + n:
                offset, key, value = self.tags.pop(0)
                self.add_item_tag(0, offset, pmt.intern(key), value)
            return n

    def run(
        block: Any, iq: np.ndarray, tags: Any = (), sizes: Iterator[int] | None = None
    ) -> tuple[np.ndarray, list[WindowInfo]]:
        sizes = sizes or iter(lambda: int(rng.integers(1, 60_000)), 0)
        in_order = sorted(tags, key=lambda tag: tag[0])
        vlen = block.output_signature().sizeof_stream_item(0) // 4
        source = ChunkSource(iq.astype(np.complex64), in_order, sizes)
        sink = blocks.vector_sink_f(vlen)
        graph = gr.top_block()
        graph.connect(source, block, sink)
        graph.run()
        tokens = np.array(sink.data(), np.float32).reshape(-1, vlen)
        assert [tag.offset for tag in sink.tags()] == list(range(len(tokens)))
        return tokens, [WindowInfo.from_pmt(tag.value) for tag in sink.tags()]

    return run

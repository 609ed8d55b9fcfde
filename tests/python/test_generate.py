# SPDX-License-Identifier: GPL-3.0-or-later
"""The dataset engine: the same windows whatever runs it, and however often it is stopped."""

import fcntl
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="PyArrow is not installed: no training here")

from gnuradio.lwmspectro import kernels, sites
from gnuradio.lwmspectro.waveforms import scene
from gnuradio.lwmspectro.waveforms.channels import TdlModel
from lwmspectro_train import chunks, cli, engines, generate, ray_engine
from lwmspectro_train.chunk_maker import ChunkMaker
from lwmspectro_train.dataset import Windows, read_manifest
from lwmspectro_train.dataset_config import DatasetConfig, from_json
from lwmspectro_train.engines import Job
from lwmspectro_train.flowgraph import FlowgraphRenderer
from lwmspectro_train.generate import GenerateConfig, Watcher
from lwmspectro_train.kernel_renderer import KernelRenderer
from lwmspectro_train.scene_plan import PlannedScene, plan

TINY: dict[str, Any] = {
    "windows": 14,
    "chunk_windows": 4,
    "partial": 0.3,
    "protocols": {"wifi": 1.0, "lte": 1.0, "nr": 1.0, "none": 1.0},
    "samp_rates": [{"msps": [1.92, 2.4], "any_rate": 0.1}],
    "channels": {"weights": {"cable": 0.2, "fading": 0.4, "tdl": 0.4}},
    "mobility": [{"speed_kmh": [0, 0]}, {"speed_kmh": [3, 3]}, {"speed_kmh": [30, 120]}],
}


def tiny(**changes: Any) -> DatasetConfig:
    return from_json({**TINY, **changes})


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("chunk-*.parquet"))}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny") / "data"
    generate.generate(GenerateConfig(folder, tiny(), workers=2, renderer="gnuradio"))
    return folder


def test_chunks_and_manifest_are_whole(made: Path) -> None:
    manifest = read_manifest(made)
    assert [entry["windows"] for entry in manifest["files"]] == [4, 4, 4, 2]
    assert sum(manifest["counts"].values()) == 14
    for entry in manifest["files"]:
        assert chunks.sha256(made / entry["name"]) == entry["sha256"]
    numbers = Windows(made).table["number"].to_pylist()
    assert numbers == list(range(14))
    assert {p.name for p in made.iterdir()} == {
        *(entry["name"] for entry in manifest["files"]),
        generate.CLAIM,
        generate.LOCK,
        "manifest.json",
    }


@pytest.mark.parametrize("renderer", ["gnuradio", "kernels"])
def test_data_depend_on_neither_workers_nor_renderer(
    made: Path, tmp_path: Path, renderer: str
) -> None:
    generate.generate(GenerateConfig(tmp_path / "one", tiny(), workers=1, renderer=renderer))
    assert files_of(tmp_path / "one") == files_of(made)


def test_data_do_not_depend_on_the_engine(made: Path, tmp_path: Path) -> None:
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    config = GenerateConfig(tmp_path / "ray", tiny(), workers=2, engine="ray")
    seen: list[int] = []
    generate.generate(config, Watcher(on_windows=seen.append))
    assert files_of(tmp_path / "ray") == files_of(made)
    assert sum(seen) == 14
    assert not ray.is_initialized()


def test_more_workers_than_cores_of_the_cluster(made: Path, tmp_path: Path) -> None:
    """An actor that finds no core would wait for ever."""
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        config = GenerateConfig(tmp_path / "ray", tiny(), workers=3, engine="ray")
        generate.generate(config)
    finally:
        ray.shutdown()
    assert files_of(tmp_path / "ray") == files_of(made)


class OneCore:
    """As much of the package ray as the engine uses, on a cluster of one core."""

    def __init__(self) -> None:
        self.living = 0

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 1.0}

    def remote(self, num_cpus: int) -> Any:
        return lambda kind: SimpleNamespace(remote=lambda *given: self.start(kind(*given)))

    def start(self, maker: ChunkMaker) -> Any:
        self.living += 1
        assert self.living <= self.cluster_resources()["CPU"]
        return SimpleNamespace(make=SimpleNamespace(remote=lambda n: Reference(maker.make(n))))

    def wait(self, references: list[Any], num_returns: int) -> tuple[list[Any], list[Any]]:
        return references[:num_returns], references[num_returns:]

    def get(self, reference: Any) -> bytes:
        return reference.content

    def kill(self, actor: Any) -> None:
        self.living -= 1


class Reference:
    def __init__(self, content: bytes) -> None:
        self.content = content


def test_actors_are_no_more_than_cores_and_end_with_their_work(made: Path, tmp_path: Path) -> None:
    cluster = OneCore()
    job = Job(
        config=tiny(),
        folder=tmp_path,
        missing=[0, 1, 2, 3],
        workers=3,
        renderer="kernels",
        on_windows=lambda n: None,
        on_chunk=lambda chunk, digest: None,
    )
    ray_engine._spread(cluster, job)
    assert files_of(tmp_path) == files_of(made)
    assert cluster.living == 0


def test_missing_ray_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    out = str(tmp_path / "data")
    assert cli.main(["generate", "smoke", "--engine", "ray", "--out", out]) == 2
    assert "expected the Python package ray, found none: pip" in capsys.readouterr().err


def test_a_killed_run_goes_on(made: Path, tmp_path: Path) -> None:
    """SIGKILL leaves neither half a file nor a worker; the next run makes what is missing."""
    folder = tmp_path / "killed"
    config = tmp_path / "tiny.toml"
    config.write_text(as_toml(TINY))
    run = "import sys; from lwmspectro_train.cli import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["generate", str(config), "--out", str(folder), "--workers", "1"]
    process = subprocess.Popen([sys.executable, "-c", run, *arguments], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60.0
    while not files_of(folder) and time.monotonic() < deadline:
        time.sleep(0.005)
    children = children_of(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert children
    while any(map(is_running, children)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(is_running, children))
    kept = files_of(folder)
    assert 1 <= len(kept) < 4
    assert not (folder / "manifest.json").exists()

    made_now: list[int] = []
    start: list[tuple[int, int]] = []
    watcher = Watcher(on_start=lambda *n: start.append(n), on_chunk=made_now.append)
    generate.generate(GenerateConfig(folder, tiny(), workers=2), watcher)
    assert start == [(4 * len(kept), 14)]
    assert sorted(made_now) == list(range(len(kept), 4))
    assert files_of(folder) == files_of(made)
    assert json.loads((folder / "manifest.json").read_text()) == read_manifest(made)


def as_toml(data: dict[str, Any]) -> str:
    return "\n".join(f"{key} = {toml_value(value)}" for key, value in data.items())


def toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {toml_value(v)}" for k, v in value.items()) + " }"
    return "[" + ", ".join(map(toml_value, value)) + "]" if isinstance(value, list) else repr(value)


def children_of(pid: int) -> list[int]:
    """Processes that multiprocessing spawned: its tracker and the workers."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_growing_keeps_what_is_there(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "grown")
    written: list[int] = []
    config = GenerateConfig(tmp_path / "grown", tiny(windows=17), workers=1)
    generate.generate(config, Watcher(on_chunk=written.append))
    assert written == [3, 4]  # the last one had two windows of four
    assert Windows(tmp_path / "grown").table["number"].to_pylist() == list(range(17))
    with pytest.raises(ValueError, match="expected at most 2 chunks of 8 windows, got 5"):
        generate.generate(GenerateConfig(tmp_path / "grown", tiny(windows=8)))


def test_growing_that_ends_early_leaves_no_manifest(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "grown"
    shutil.copytree(made, folder)

    def ends(engine: str, job: Job) -> None:
        chunks.path_of(job.folder, 3).unlink()
        raise RuntimeError("a worker failed")

    config = GenerateConfig(folder, tiny(windows=17), workers=1)
    with monkeypatch.context() as patch:
        patch.setattr(engines, "run", ends)
        with pytest.raises(RuntimeError, match="a worker failed"):
            generate.generate(config)
    with pytest.raises(FileNotFoundError, match="a whole data set"):
        Windows(folder)
    generate.generate(config)
    assert len(Windows(folder)) == 17


def test_damaged_and_half_written_files_are_made_anew(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(made, folder)
    chunks.path_of(folder, 2).write_bytes(b"PAR1 no more")
    (folder / "chunk-000001.parquet.4711.part").write_bytes(b"half")
    written: list[int] = []
    generate.generate(GenerateConfig(folder, tiny(), workers=1), Watcher(on_chunk=written.append))
    assert written == [2]
    assert files_of(folder) == files_of(made)
    assert not list(folder.glob("*.part"))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"seed": 9}, "expected config.seed 9, got 1"),
        ({"chunk_windows": 5}, "expected config.chunk_windows 5, got 4"),
        ({"snr": {"high_db": 20}}, "expected config.snr.high_db 20.0, got 25.0"),
    ],
)
def test_folder_of_another_data_set_is_refused(
    made: Path, changes: dict[str, Any], text: str
) -> None:
    before = files_of(made)
    with pytest.raises(ValueError, match=text):
        generate.generate(GenerateConfig(made, tiny(**changes), workers=1))
    assert files_of(made) == before


def test_other_sites_are_another_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tiny(channels={"weights": {"site": 1.0}})
    found = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(name)
        monkeypatch.setattr(sites, "DATA", tmp_path / name)
        found.append(generate.sources(config))
    assert found[0]["generator"] == found[1]["generator"]
    assert found[0]["sites"] != found[1]["sites"]
    assert "sites" not in generate.sources(tiny())


@pytest.mark.parametrize(
    "change", ["tdl_models = []", "delay_spread_ns = [1e9, 1e9]", "cities = ['san_francisco']"]
)
def test_refused_configuration_claims_no_folder(
    tmp_path: Path, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "bad.toml"
    text = as_toml({k: v for k, v in TINY.items() if k != "channels"})
    config.write_text(f"{text}\n[channels]\n{change}\nweights.tdl = 1.0\n")
    assert cli.main(["generate", str(config), "--out", str(tmp_path / "data")]) == 2
    error = capsys.readouterr().err
    assert f"channels.{change.split()[0]}: expected" in error
    assert ", got " in error
    assert not (tmp_path / "data").exists()


def test_a_file_in_place_of_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b.toml").write_text("kept")
    assert cli.main(["generate", "smoke", "--out", str(tmp_path / "b.toml")]) == 2
    said = f"{tmp_path / 'b.toml'}: expected a folder, got a file\n"
    assert capsys.readouterr().err.endswith(f"error: {said}")
    assert (tmp_path / "b.toml").read_text() == "kept"


def test_channel_that_cannot_be_made_claims_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_: TdlModel) -> None:
        raise ValueError("no such channel")

    monkeypatch.setattr(TdlModel, "profile", refuses)
    with pytest.raises(ValueError, match="no such channel"):
        generate.generate(GenerateConfig(tmp_path / "data", tiny(), workers=1))
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("changed", ["scene.py", "coding/nr_tables.npz", None])
def test_other_sources_are_another_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str | None
) -> None:
    before = generate.sources(tiny())
    shutil.copytree(Path(scene.__file__).parent, tmp_path / "waveforms")
    monkeypatch.setattr(scene, "__file__", str(tmp_path / "waveforms" / "scene.py"))
    assert generate.sources(tiny()) == before
    if changed:
        with (tmp_path / "waveforms" / changed).open("ab") as file:
            file.write(b"#")
    else:
        monkeypatch.setattr(kernels, "fading_version", kernels.fading_version + 1)
    after = generate.sources(tiny())
    assert {key for key in before if before[key] != after[key]} == (
        {"generator"} if changed else {"fading"}
    )


def test_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(ValueError, match=r"expected an empty folder .* found thesis\.tex"):
        generate.generate(GenerateConfig(tmp_path, tiny()))


def test_folder_in_use_is_refused(made: Path) -> None:
    with (made / generate.LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ValueError, match="another run writes there"):
            generate.generate(GenerateConfig(made, tiny()))


def test_full_disk_is_said_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    assert cli.main(["generate", "smoke", "--out", str(tmp_path / "full")]) == 2
    assert "GB of free disk, got 0.00 GB" in capsys.readouterr().err
    assert not files_of(tmp_path / "full")


def test_folder_is_no_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["generate", str(tmp_path), "--windows", "500"]) == 2
    assert f"{tmp_path}: expected a TOML file or one of" in capsys.readouterr().err


def test_contradicting_options_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--engine", "kernels", "--renderer", "gnuradio", "--out", str(tmp_path / "data")]
    assert cli.main(["generate", "smoke", *options]) == 2
    assert "--renderer: expected kernels with --engine kernels, got" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_failing_worker_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chunks.path_of(tmp_path, 0).mkdir()  # a file cannot take its place
    monkeypatch.setattr(generate, "claim", lambda _: None)
    with pytest.raises(RuntimeError, match="a worker failed: IsADirectoryError"):
        generate.generate(GenerateConfig(tmp_path, tiny(windows=4), workers=1))


def test_one_flowgraph_serves_batch_after_batch() -> None:
    spec = kernels.window_spec()
    planned = [plan(tiny(), number) for number in range(9)]
    flowgraph, alone = FlowgraphRenderer(spec), KernelRenderer(spec)
    got = [w for batch in (planned[:3], planned[3:4], planned[4:]) for w in flowgraph.render(batch)]
    flowgraph.close()
    for one, other in zip(got, alone.render(planned), strict=True):
        assert one.planned == other.planned
        assert repr(one.measured) == repr(other.measured)
        np.testing.assert_array_equal(one.tokens, other.tokens)
    with pytest.raises(RuntimeError, match="expected one that runs"):
        next(flowgraph.render(planned))


def test_failure_in_a_scene_ends_the_flowgraph(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Iterator[PlannedScene]:
        raise OSError("no such scene")

    flowgraph = FlowgraphRenderer(kernels.window_spec())
    monkeypatch.setattr(PlannedScene, "n_samples", fails)
    with pytest.raises(OSError, match="no such scene"):
        list(flowgraph.render([plan(tiny(), 0)]))


def test_without_gnuradio_the_kernels_make_the_same(made: Path, tmp_path: Path) -> None:
    """In a process that cannot import GNU Radio."""
    script = f"""
import json, pathlib, sys
sys.modules["gnuradio.gr"] = sys.modules["pmt"] = None
from lwmspectro_train.chunk_maker import ChunkMaker
from lwmspectro_train.cli import main
from lwmspectro_train.dataset_config import from_json
maker = ChunkMaker(from_json(json.loads({json.dumps(TINY)!r})))
pathlib.Path({str(tmp_path / "chunk")!r}).write_bytes(maker.make(1))
sys.exit(main(["generate", "smoke", "--renderer", "gnuradio", "--out", {str(tmp_path / "data")!r}]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "expected kernels, since GNU Radio is not here, got gnuradio" in done.stderr
    assert done.returncode == 2
    assert (tmp_path / "chunk").read_bytes() == files_of(made)["chunk-000001.parquet"]


def test_renderer_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ValueError, match="expected kernels, since GNU Radio is not here"):
        ChunkMaker(tiny(), "gnuradio")
    ChunkMaker(tiny(), "auto").close()
    with pytest.raises(ValueError, match="renderer: expected one of auto"):
        ChunkMaker(tiny(), "cuda")

# SPDX-License-Identifier: GPL-3.0-or-later
"""Data sets that are joined without a copy."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="PyArrow is not installed: no training here")

from lwmspectro_train import cli, dataset, generate
from lwmspectro_train.dataset_config import load
from lwmspectro_train.join import join


def make(folder: Path, windows: int, seed: int, name: str = "smoke") -> Path:
    config = load(name, windows=windows, seed=seed)
    generate.generate(generate.GenerateConfig(folder, config, workers=1))
    return folder


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("data")
    return make(root / "one", 5, 1), make(root / "two", 3, 2)


def test_windows_of_all_in_their_order(parts: tuple[Path, Path], tmp_path: Path) -> None:
    manifest = json.loads(join(parts, tmp_path / "deep" / "both").read_text())
    both = dataset.load(tmp_path / "deep" / "both")  # hashes and all
    each = [dataset.load(folder) for folder in parts]
    np.testing.assert_array_equal(both.tokens, np.concatenate([part.tokens for part in each]))
    np.testing.assert_array_equal(both.samp_rate, np.concatenate([p.samp_rate for p in each]))
    assert manifest["windows"] == sum(manifest["counts"].values()) == 8
    assert [(part["seed"], part["windows"]) for part in manifest["parts"]] == [(1, 5), (2, 3)]


def test_a_joined_one_is_joined_again(parts: tuple[Path, Path], tmp_path: Path) -> None:
    join(parts, tmp_path / "both")
    three = make(tmp_path / "three", 2, 3)
    manifest = json.loads(join([tmp_path / "both", three], tmp_path / "all").read_text())
    assert [part["seed"] for part in manifest["parts"]] == [1, 2, 3]
    assert len(dataset.load(tmp_path / "all")) == 10


def test_what_cannot_be_joined_is_refused(
    parts: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = map(str, parts)
    out = tmp_path / "out"

    def refused(*folders: str) -> str:
        assert cli.main(["join", *folders, "--out", str(out)]) == 2
        return capsys.readouterr().err

    assert "expected two or more, got 1" in refused(one)
    assert "expected different windows, got seed 1 twice" in refused(one, one)
    fewer = make(tmp_path / "fewer", 4, 1)  # another file, the same windows
    assert "expected different windows, got seed 1 twice" in refused(one, str(fewer))
    assert "expected the train split, got test" in refused(one, str(changed(two, tmp_path / "t")))
    (fewer / "chunk-000000.parquet").unlink()
    assert "chunk-000000.parquet" in refused(two, str(fewer))
    out.rmdir()
    assert "expected manifest.json" in refused(one, str(tmp_path / "nothing"))
    assert "the same columns" in refused(one, str(without_a_column(two, tmp_path / "other")))
    assert not out.exists()
    out.mkdir()
    (out / "mine").touch()
    assert "expected an empty folder, or none" in refused(one, two)
    assert [path.name for path in out.iterdir()] == ["mine"]


def test_links_between_do_not_matter(parts: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "large" / "deep").mkdir(parents=True)
    (tmp_path / "scratch").symlink_to(tmp_path / "large" / "deep")
    join(parts, tmp_path / "scratch" / "both")
    assert len(dataset.load(tmp_path / "scratch" / "both")) == 8


def changed(folder: str, out: Path) -> Path:
    """A data set of the test split."""
    manifest = dataset.read_manifest(Path(folder))
    manifest["config"]["split"] = "test"
    out.mkdir()
    (out / dataset.MANIFEST).write_text(json.dumps(manifest))
    return out


def without_a_column(folder: str, out: Path) -> Path:
    manifest = dataset.read_manifest(Path(folder))
    del manifest["columns"]["mcs"]
    out.mkdir()
    (out / dataset.MANIFEST).write_text(json.dumps(manifest))
    return out

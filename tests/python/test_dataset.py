# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a data set: whole, by views, at random, shuffled."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="PyArrow is not installed: no training here")

import pyarrow.parquet as pq
from gnuradio.lwmspectro import kernels
from lwmspectro_train import cli, columns, dataset, generate
from lwmspectro_train.dataset import Windows
from lwmspectro_train.dataset_config import load
from lwmspectro_train.kernel_renderer import KernelRenderer
from lwmspectro_train.scene_plan import LABELS, plan

CONFIG = load("smoke", windows=21)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "smoke"
    generate.generate(generate.GenerateConfig(folder, CONFIG, workers=1))
    return folder


def test_tokens_come_back_as_they_were_made(made: Path) -> None:
    data = dataset.load(made)
    planned = [plan(CONFIG, number) for number in range(21)]
    windows = list(KernelRenderer(kernels.window_spec()).render(planned))
    np.testing.assert_array_equal(data.tokens, np.stack([w.tokens for w in windows]))
    assert data.tokens.dtype == np.float16
    assert [LABELS[k] for k in data.label] == [w.measured.label for w in windows]
    np.testing.assert_array_equal(data.samp_rate, [p.scene.samp_rate for p in planned])
    np.testing.assert_allclose(data.fraction, [p.fraction for p in planned], rtol=1e-6)
    np.testing.assert_allclose(data.snr_db, [w.measured.snr_db for w in windows], rtol=1e-6)


def test_table_has_every_column_with_its_unit(made: Path) -> None:
    schema = pq.read_schema(made / "chunk-000000.parquet")
    names = [column.name for column in columns.COLUMNS]
    assert schema.names == [*names, "spectrogram", "correlogram"]
    for column in columns.COLUMNS:
        field = schema.field(column.name)
        assert field.type == column.type
        assert field.metadata[b"unit"].decode() == column.unit
    data = dataset.load(made)
    lte = data.column("protocol") == "lte"
    assert lte.any()
    shown = data.column("data_share") > 0.0  # null for negatives
    names_of_lte = {"QPSK", "16QAM", "64QAM", "256QAM", "mixed"}
    assert set(data.column("modulation")[lte & shown]) <= names_of_lte
    assert set(data.column("modulation")[~shown]) == {None}
    none = data.column("protocol") == "none"
    assert set(data.column("modulation")[none]) == {None}
    assert np.isnan(data.column("bandwidth_hz")[none]).all()
    assert set(data.column("mobility")) == {"static", "pedestrian", "vehicular"}
    sent = ~np.isnan(data.snr_db)
    drawn = data.column("snr_drawn_db")
    assert np.abs(data.snr_db - drawn)[sent].max() < 1.0
    assert set(data.column("front_end")) <= {"rtl-sdr", "hackrf", "usrp", "ideal"}


def test_documentation_lists_every_column(repository: Path) -> None:
    text = (repository / "docs" / "datasets.md").read_text()
    for column in columns.COLUMNS:
        assert f"| `{column.name}` | {column.type} | {column.unit} | {column.text} |" in text


def test_views_are_read_alone_and_in_the_order_given(made: Path) -> None:
    size = kernels.window_spec().spectrogram_size
    whole = dataset.load(made).tokens
    np.testing.assert_array_equal(dataset.load(made, ["correlogram"]).tokens, whole[:, size:])
    turned = dataset.load(made, ["correlogram", "spectrogram"]).tokens
    np.testing.assert_array_equal(turned, np.roll(whole, -size, axis=1))
    assert Windows(made).shapes == {"spectrogram": (128, 128), "correlogram": (9, 128)}
    with pytest.raises(ValueError, match=r"expected views .* got \['waterfall'\]"):
        dataset.load(made, ["waterfall"])


def test_random_access_gives_the_same_windows(made: Path) -> None:
    windows = Windows(made, cache_groups=1)
    whole = dataset.load(made).tokens
    index = np.random.default_rng(1).integers(0, 21, 50)
    np.testing.assert_array_equal(windows.tokens(index), whole[index])
    assert windows.tokens([]).shape == (0, whole.shape[1])
    for wrong in ([21], [-1]):
        with pytest.raises(IndexError, match="expected 0 to 20"):
            windows.tokens(wrong)


@pytest.mark.parametrize("batch", [1, 4, 50])
@pytest.mark.parametrize("chunks_at_once", [1, 2])
def test_shuffled_gives_every_window_once(made: Path, batch: int, chunks_at_once: int) -> None:
    windows = Windows(made)
    whole = dataset.load(made).tokens
    seen = []
    for tokens, numbers in windows.shuffled(batch, seed=3, chunks_at_once=chunks_at_once):
        np.testing.assert_array_equal(tokens, whole[numbers])
        seen.append(numbers)
    assert sorted(np.concatenate(seen).tolist()) == list(range(21))
    assert all(len(numbers) == batch for numbers in seen[:-1])
    again = [numbers for _, numbers in windows.shuffled(batch, 3, chunks_at_once)]
    assert np.array_equal(np.concatenate(again), np.concatenate(seen))
    other = [numbers for _, numbers in windows.shuffled(batch, 4, chunks_at_once)]
    assert not np.array_equal(np.concatenate(other), np.concatenate(seen))


def test_split_and_take_keep_rows_together(made: Path) -> None:
    data = dataset.load(made)
    training, held_out = dataset.split(data, 0.25)
    assert (len(training), len(held_out)) == (16, 5)
    assert held_out.column("number").tolist() == list(range(16, 21))
    np.testing.assert_array_equal(held_out.tokens, data.tokens[16:])
    assert len(data.take(slice(5, 2))) == 0
    with pytest.raises(ValueError, match="expected a step of 1"):
        data.take(slice(0, 9, 2))


def test_changed_chunk_is_refused(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "copy")
    chunk = tmp_path / "copy" / "chunk-000001.parquet"
    content = bytearray(chunk.read_bytes())
    content[100] ^= 1
    chunk.write_bytes(content)
    with pytest.raises(ValueError, match=r"chunk-000001\.parquet: expected SHA-256"):
        dataset.load(tmp_path / "copy")
    chunk.unlink()
    with pytest.raises(FileNotFoundError, match=r"chunk-000001\.parquet: expected a chunk"):
        Windows(tmp_path / "copy")


def test_manifest_of_another_format_is_refused(made: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"seed": 1, "sha256": {}}')
    with pytest.raises(ValueError, match="expected format lwmspectro-dataset-1, got None"):
        dataset.load(tmp_path)
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"expected manifest\.json of a whole data set"):
        dataset.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "expected an object, got an array of 0"),
        ("{", "not JSON"),
        ("\udcff", "not JSON"),
        ('{"format": "lwmspectro-dataset-1"}', "expected windows, a whole number, got none"),
        ({"views": None}, "expected views, an object, got null"),
        ({"files": {}}, "expected files, an array, got an object of 0 keys"),
        ({"files": [{"name": "a"}]}, r"files\[0\]: expected windows, a whole number, got none"),
        ({"files": ["a"]}, r"files\[0\]: expected name, a string, got none"),
    ],
)
def test_damaged_manifest_is_named(
    made: Path,
    tmp_path: Path,
    text: str | dict[str, Any],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if isinstance(text, dict):
        text = json.dumps(dataset.read_manifest(made) | text)
    (tmp_path / "manifest.json").write_text(text, errors="surrogateescape")
    with pytest.raises(ValueError, match=rf"manifest\.json: .*{said}|manifest\.json: {said}"):
        Windows(tmp_path)
    assert cli.main(["probe", str(tmp_path)]) == 2
    assert "manifest.json" in capsys.readouterr().err


def test_errors_of_the_program_are_no_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_: object) -> None:
        raise KeyError("views")

    monkeypatch.setattr("lwmspectro_train.commands.show.run", run)
    with pytest.raises(KeyError):
        cli.main(["show", "data"])

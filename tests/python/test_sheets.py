# SPDX-License-Identifier: GPL-3.0-or-later
"""Contact sheets of a data set."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="PyArrow is not installed: no training here")

from lwmspectro_train import cli, generate
from lwmspectro_train.dataset import Windows
from lwmspectro_train.dataset_config import load
from lwmspectro_train.sheets import Sheets
from matplotlib.image import imread


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "figure"
    config = load("paper_figure_2", windows=4)
    generate.generate(generate.GenerateConfig(folder, config, workers=1))
    return folder


def test_every_sheet_is_a_picture(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["show", str(made)]) == 0
    said = capsys.readouterr().out.split()
    names = ["protocols", "wifi-snr-mobility", "wifi-snr-modulation", "figure-2"]
    assert said == [str(made / "sheets" / f"{name}.png") for name in names]
    for path in said:
        picture = imread(path)
        assert min(picture.shape[:2]) > 100
        assert picture[..., :3].std() > 0.05
    assert sorted(p.name for p in (made / "sheets").iterdir()) == sorted(f"{n}.png" for n in names)


def test_figure_2_shows_one_link_standing_and_driving(made: Path) -> None:
    """The very tokens, frequency upwards and time to the right, in the row of their mobility."""
    windows = Windows(made, ["spectrogram"])
    figure = Sheets(windows, "spectrogram").figure_2()
    assert figure is not None
    assert "wifi, BPSK, 20 dB" in figure.get_suptitle()
    by_row: dict[str, list[np.ndarray]] = {}
    row = ""
    for ax in figure.axes:
        row = ax.get_ylabel() or row
        by_row.setdefault(row, []).extend(image.get_array() for image in ax.get_images())
    mobility = windows.table["mobility"].to_pylist()
    for name, images in by_row.items():
        numbers = [k for k, kind in enumerate(mobility) if kind == name][:4]
        assert len(images) == len(numbers) > 0
        for number, image in zip(numbers, images, strict=True):
            tokens = windows.tokens([number]).reshape(128, 128).astype(np.float32)
            np.testing.assert_array_equal(image, tokens.T)


def test_tiles_without_a_window_are_blank(made: Path) -> None:
    figure = Sheets(Windows(made, ["spectrogram"]), "spectrogram").protocols()
    captioned = [bool(ax.get_xlabel()) for ax in figure.axes]
    assert captioned == [bool(ax.get_images()) for ax in figure.axes]
    assert not all(captioned)


def test_other_views_and_places(made: Path, tmp_path: Path) -> None:
    assert (
        cli.main(["show", str(made), "--view", "correlogram", "--out", str(tmp_path / "c3")]) == 0
    )
    assert (tmp_path / "c3" / "protocols.png").stat().st_size > 1000


def test_what_is_not_there_is_said(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["show", str(tmp_path)]) == 2
    assert "expected manifest.json of a whole data set" in capsys.readouterr().err
    assert cli.main(["show", str(made), "--view", "waterfall"]) == 2
    assert "expected views ['correlogram', 'spectrogram']" in capsys.readouterr().err

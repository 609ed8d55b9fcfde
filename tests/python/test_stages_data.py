# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows for training: labels, order, memory or disk, and changes that keep labels true."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: no training here")
pytest.importorskip("lightning", reason="Lightning is not installed: no training here")
pytest.importorskip("pyarrow", reason="PyArrow is not installed: no training here")

import torch
import toy_links
from lwmspectro_train.dataset import Windows
from lwmspectro_train.lwm.config import Model, Source
from lwmspectro_train.stages import augmentation, batch, config, labels, order, source
from lwmspectro_train.stages.config import Augmentation, Data

MODEL = Model(
    sources=(Source("spectrogram"), Source("grid", "cp_15khz", planes=("power_db", "larger_part")))
)
SHIFTS = augmentation.DRAWS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sizes = (30,) * 12
    return toy_links.write(tmp_path_factory.mktemp("toy") / "data", sizes, grids=("cp_15khz",))


def part(folder: Path, protocol: str, memory: float = 0.6, **options: object) -> batch.Part:
    data = Data(str(folder), memory=memory)
    return batch.open_part(folder, MODEL, data, protocol, (0.0, 1.0), **options)


def test_memory_and_disk_give_the_same_windows(folder: Path) -> None:
    quick, slow = part(folder, "lte"), part(folder, "lte", memory=0.0)
    assert isinstance(quick.source, source.MemorySource)
    assert isinstance(slow.source, source.DiskSource)
    whole = Windows(folder, MODEL.columns).tokens(quick.rows)
    rows = np.random.default_rng(1).permutation(quick.rows)[:40]
    places = np.searchsorted(quick.rows, rows)
    for windows in (quick, slow):
        views = windows.source.read(rows)
        np.testing.assert_array_equal(
            views["spectrogram"].reshape(40, -1), whole[places, : 128 * 128]
        )
        grid = whole[places, 128 * 128 :].reshape(40, 5, 128, 128)
        np.testing.assert_array_equal(views["grid_cp_15khz"], grid[:, [0, 3]])
        assert views["grid_cp_15khz"].dtype == np.float16


def test_a_copy_on_the_device_gives_the_same_windows(folder: Path) -> None:
    windows = part(folder, "lte").source
    assert isinstance(windows, source.MemorySource)
    rows = part(folder, "lte").rows[[5, 0, 17]]
    before = windows.tensors(rows, source.CPU)
    windows.keep_on(source.CPU)
    after = windows.tensors(rows, source.CPU)
    for name, view in windows.read(rows).items():
        np.testing.assert_array_equal(before[name].numpy(), view.astype(np.float32))
        np.testing.assert_array_equal(after[name].numpy(), before[name].numpy())


@pytest.mark.parametrize("memory", [0.6, 0.0])
def test_an_epoch_shows_every_window_once_in_another_order(folder: Path, memory: float) -> None:
    windows = part(folder, "nr", memory)
    orders = [
        order.epoch(windows.source, windows.groups(), 4, seed, number)
        for seed, number in ((1, 0), (1, 0), (1, 1), (2, 0))
    ]
    for found in orders:
        assert len(np.unique(found)) == found.size == len(windows.rows) // 4 * 4
        assert set(found.flat) <= set(windows.rows)
    assert (orders[0] == orders[1]).all()
    assert not (orders[0] == orders[2]).all()
    assert not (orders[0] == orders[3]).all()


def test_batches_of_all_protocols_are_balanced(folder: Path) -> None:
    windows = part(folder, "mixed")
    assert set(windows.protocol[windows.rows]) == {0, 1, 2}
    groups = windows.groups()
    lopsided = [groups[0][:5], groups[1], groups[2]]
    for found in order.epoch(windows.source, lopsided, 12, 1, 0):
        assert np.bincount(windows.protocol[found], minlength=3).tolist() == [4, 4, 4]


def test_labels_of_the_table(folder: Path) -> None:
    table = Windows(folder, ()).table
    found = labels.of_table(table, Data(str(folder)))
    names = {"BPSK": 0, "QPSK": 1, "16QAM": 2, "64QAM": 3, "mixed": -1, None: -1}
    assert [names[m] for m in table["modulation"].to_pylist()] == found["modulation"].tolist()
    snr, bins, joint = found["snr_db"], found["snr_bins"], found["joint"]
    assert (bins[np.isnan(snr)] == -1).all()
    centres = np.array([-5, 0, 5, 10, 15, 20, 25])
    assert (np.abs(centres[bins] - snr)[bins >= 0] <= 2.5).all()
    moving = (found["mobility"] > 0) & (bins >= 0)
    assert (joint[~moving] == -1).all()
    assert (joint[moving] == 2 * bins[moving] + found["mobility"][moving] - 1).all()
    assert joint.max() <= 13  # 14 classes
    both = labels.combined(found, ("modulation", "mobility"))
    i, j = np.triu_indices(len(both), 1)
    alike = (both[i] == both[j]) & (both[i] >= 0)
    truth = np.ones(len(i), bool)
    for name in ("modulation", "mobility"):
        truth &= (found[name][i] == found[name][j]) & (found[name][i] >= 0)
    np.testing.assert_array_equal(alike, truth)
    assert labels.snr_bins(np.array([-7.6, -7.4, 27.4, 27.6, np.nan])).tolist() == [
        -1,
        0,
        6,
        -1,
        -1,
    ]


def test_limits_and_faults(folder: Path) -> None:
    assert len(part(folder, "wifi", limit=7).rows) == 7
    with pytest.raises(ValueError, match=r"windows of lte from 180 to 180 of 360, got none"):
        batch.open_part(folder, MODEL, Data(str(folder)), "lte", (0.5, 0.5))
    with pytest.raises(ValueError, match=r"expected a column of .*, got 'snr_somewhere'"):
        batch.open_part(folder, MODEL, Data(str(folder), snr="snr_somewhere"), "lte", (0.0, 1.0))
    few = Data(str(folder), least_data_share=0.5, snr_most_db=12.0)
    found = batch.open_part(folder, MODEL, few, "lte", (0.0, 1.0))
    share = Windows(folder, ()).table["data_share"].to_numpy()
    assert (found.labels["modulation"][share < 0.5] == labels.NO_LABEL).all()
    assert (found.labels["modulation"][share >= 0.5] != labels.NO_LABEL).any()
    assert np.nanmax(found.labels["snr_db"]) == 12.0
    training, validation = batch.training_and_validation(
        MODEL, Data(str(folder), held_out=0.25), "lte", limit=None
    )
    assert training.rows.max() < 270 <= validation.rows.min()  # other scenes


def draws(b: int, **values: float) -> torch.Tensor:
    """All numbers near 1, so that nothing is chosen, but those given by place."""
    uniform = torch.full((b, SHIFTS), 0.999)
    for name, value in values.items():
        uniform[:, int(name[1:])] = value
    return uniform


def test_nothing_changes_where_nothing_is_asked_for() -> None:
    raw = {"spectrogram": torch.randn(2, 128, 128), "grid_cp_15khz": torch.randn(2, 5, 128, 128)}
    uniform = torch.rand(2, SHIFTS)
    for shares in (Augmentation(), Augmentation(*[1e-9] * 5)):
        out = augmentation.augment(raw, uniform.clamp(min=0.01), shares)
        assert all(torch.equal(out[name], raw[name]) for name in raw)


def test_time_and_columns_are_turned() -> None:
    raw = {"spectrogram": torch.randn(2, 128, 128), "grid_cp_15khz": torch.randn(2, 5, 128, 128)}
    uniform = draws(2, u1=0.0, u2=10.5 / 128, u4=0.0, u5=0.0)
    out = augmentation.augment(raw, uniform, Augmentation(roll_time=1, roll_columns=1, columns=8))
    torch.testing.assert_close(out["spectrogram"], raw["spectrogram"].roll(10, dims=1))
    torch.testing.assert_close(out["grid_cp_15khz"], raw["grid_cp_15khz"].roll(-8, dims=3))


def test_mirror_keeps_wifi_symbols_side_by_side() -> None:
    """A row of a WiFi grid holds two symbols of 64 subcarriers, which do not change places."""
    raw = {
        "spectrogram": torch.randn(1, 128, 128),
        "grid_wifi_long_gi": torch.randn(1, 5, 128, 128),
    }
    out = augmentation.augment(raw, draws(1, u3=0.0), Augmentation(mirror=1))
    torch.testing.assert_close(out["spectrogram"], raw["spectrogram"].flip(2))
    for half in (slice(0, 64), slice(64, 128)):
        torch.testing.assert_close(
            out["grid_wifi_long_gi"][..., half], raw["grid_wifi_long_gi"][..., half].flip(3)
        )


def test_the_weakest_columns_become_absent() -> None:
    grid = torch.zeros(2, 5, 128, 128)
    grid[:, 0] = -torch.arange(128.0)  # the last is the weakest
    out = augmentation.augment(
        {"grid_cp_15khz": grid}, draws(2, u6=0.0, u7=0.5), Augmentation(drop_columns=1)
    )["grid_cp_15khz"]
    assert (out[:, 0, :, 96:] == -200.0).all()
    assert torch.equal(out[..., :96], grid[..., :96])


def test_shares_are_checked() -> None:
    with pytest.raises(ValueError, match="mirror: expected 0 to 1, got 2"):
        config.Augmentation(mirror=2.0)

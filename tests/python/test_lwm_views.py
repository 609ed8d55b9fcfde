# SPDX-License-Identifier: GPL-3.0-or-later
"""Views of a window: blind to what they should be blind to, standardised by the corpus."""

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: no training here")

import torch
from lwmspectro_train.lwm.config import Source
from lwmspectro_train.lwm.views import VIEWS, View

C0 = Source("spectrogram")
GRID = Source("grid", "cp_15khz")
C3 = Source("correlogram")
FLUCTUATION = Source("fluctuation", bands=4)


def view(source: Source) -> View:
    return VIEWS[source.kind](source)


@pytest.mark.parametrize("source", [C0, FLUCTUATION])
def test_gain_does_not_show(source: Source) -> None:
    c0 = 5.0 * torch.randn(3, 128, 128) - 70.0
    torch.testing.assert_close(view(source)(c0), view(source)(c0 + 37.0), atol=1e-3, rtol=1e-3)


def test_frames_of_zeros_do_not_move_the_rest() -> None:
    """Silence reads -200 dB; what lies more than 50 dB below the strongest counts as that."""
    c0 = torch.randn(1, 128, 128) - 60.0
    c0[:, :10] = -200.0
    image = view(C0).image(c0)[0, 0]
    assert (image[10:] - image[:10].max()).min() > 40.0
    assert image[10:].mean().abs() < 6.0


def test_statistics_are_those_of_the_corpus_not_of_the_window() -> None:
    corpus = 4.0 * torch.randn(64, 128, 128)
    fitted = view(C0)
    fitted.fit(corpus)
    image = fitted(corpus)
    assert image.mean().abs() < 1e-3
    assert image.std() == pytest.approx(1.0, abs=1e-3)
    quiet, wild = fitted(corpus[:1] * 0.1), fitted(corpus[:1])
    assert quiet.std() == pytest.approx(0.1, rel=0.1)  # a z-score would make both alike
    assert wild.std() == pytest.approx(1.0, rel=0.1)
    assert set(fitted.state_dict()) == {"mean", "std"}  # they travel with the weights


def grids(n: int) -> torch.Tensor:
    raw = torch.randn(n, 5, 128, 128) + 3.0
    raw[:, 0] = raw[:, 0] * 6.0 - 80.0
    raw[:, :, :, 90:] = 0.0
    raw[:, 0, :, 90:] = -200.0
    return raw


def test_absent_elements_are_zero_and_marked() -> None:
    fitted = view(GRID)
    fitted.fit(grids(8))
    image = fitted(grids(2))
    assert image.shape == (2, 6, 128, 128)
    assert (image[..., 90:] == 0.0).all()
    assert (image[:, 5, :, :90] == 1.0).all()
    there = image[:, :5, :, :90]
    assert there.mean(dim=(0, 2, 3)).abs().max() < 0.05
    assert (there.std(dim=(0, 2, 3)) - 1.0).abs().max() < 0.05
    nothing = torch.zeros(1, 5, 128, 128)
    nothing[:, 0] = -200.0
    assert (fitted(nothing) == 0.0).all()
    before = {name: value.clone() for name, value in fitted.state_dict().items()}
    fitted.fit(nothing)  # a rate that holds no such grid: nothing to learn from
    assert all(torch.equal(value, before[name]) for name, value in fitted.state_dict().items())


def test_power_of_a_grid_is_blind_to_gain_and_parts_are_limited() -> None:
    raw = grids(2)
    louder = raw.clone()
    louder[:, 0, :, :90] += 25.0
    louder[0, 3, 0, 0] = 1e4  # float16 holds up to 65,504
    image, other = view(GRID).image(raw), view(GRID).image(louder)
    torch.testing.assert_close(image[:, 0], other[:, 0], atol=1e-3, rtol=0)
    assert other[0, 3, 0, 0] == 4.0


def test_correlogram_features_do_not_depend_on_the_timing() -> None:
    c3 = 8.0 * torch.randn(2, 9, 128)
    image, turned = view(C3).image(c3), view(C3).image(c3.roll(31, dims=2))
    assert image.shape == (2, 1, *C3.image[1:])
    torch.testing.assert_close(image[..., 128:], turned[..., 128:], atol=1e-3, rtol=1e-3)
    assert not torch.equal(image[..., :128], turned[..., :128])


@pytest.mark.parametrize("cycles", [1, 5, 40])
def test_fluctuation_shows_how_fast_the_power_varies(cycles: int) -> None:
    """A tone of ``cycles`` in 25.6 ms, in the third quarter of the bins alone."""
    c0 = 0.1 * torch.randn(1, 128, 128) - 60.0
    time = torch.arange(128) / 128.0
    c0[0, :, 64:96] += 3.0 * torch.cos(2.0 * torch.pi * cycles * time)[:, None]
    spectrum = view(FLUCTUATION).image(c0)[0, 0]  # (bands, frequencies)
    assert spectrum[2].argmax() == cycles - 1
    assert (spectrum[2].max() - spectrum[[0, 1, 3]].max()) > 5.0  # nepers
    shifted = view(FLUCTUATION).image(c0.roll(17, dims=1))[0, 0]
    torch.testing.assert_close(shifted, spectrum, atol=1e-2, rtol=1e-2)


@pytest.mark.parametrize("source", [C0, GRID, C3, FLUCTUATION])
def test_image_is_as_configured(source: Source) -> None:
    shape = {"grid": (5, 128, 128), "correlogram": (9, 128)}.get(source.kind, (128, 128))
    assert view(source)(torch.randn(2, *shape)).shape == (2, *source.image)

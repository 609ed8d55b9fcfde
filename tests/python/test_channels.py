# SPDX-License-Identifier: GPL-3.0-or-later
"""The channels of scenes and their labels."""

import numpy as np
import pytest
from fake_sites import fake_site
from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.waveforms import channels
from gnuradio.lwmspectro.waveforms.channels import (
    TDL_MODELS,
    ChannelTruth,
    Fading,
    SiteChannel,
    TdlModel,
)


def test_delay_spread_of_two_equal_paths_is_half_their_distance() -> None:
    profile = kernels.tdl_profile([0.0, 4e-7], [-3.0, -3.0])
    assert channels.delay_spread_s(profile) == pytest.approx(2e-7)
    assert channels.delay_spread_s(kernels.tdl_profile([1e-6], [0.0])) == 0.0


@pytest.mark.parametrize("name", TDL_MODELS)
def test_model_has_the_spread_that_it_is_scaled_to(name: str) -> None:
    model = TdlModel(name, 250e-9, 40.0)
    if name in "ABC":  # the tables of D and E give their K factors apart
        assert channels.delay_spread_s(model.profile()) == pytest.approx(250e-9, rel=0.05)
    truth = model.truth()
    assert (truth.kind, truth.doppler_hz) == (f"tdl-{name.lower()}", 40.0)
    assert truth.los is (name in "DE")


def test_unknown_model_is_refused() -> None:
    with pytest.raises(ValueError, match="TDL model: expected one of"):
        TdlModel("F")


def test_user_gives_paths_and_labels() -> None:
    user = fake_site().user(17)
    channel = SiteChannel(user, 12.0, heading_deg=60.0)
    assert channel.truth() == ChannelTruth(
        "site",
        12.0,
        user.delay_spread_s,
        True,
        city="munich",
        site="munich-3",
        user=17,
        heading_deg=60.0,
    )
    assert channel.profile().los_doppler_ratios == pytest.approx([0.5, 0.5])
    assert SiteChannel(user, 12.0).profile().los_doppler_ratios == []
    assert channel.profile().doppler_hz == 12.0
    iq = np.ones(5000, np.complex64)
    out = channels.apply(channel, iq, 1.92e6, 3)
    expected = kernels.tdl_fading(1.92e6, user.profile(12.0, heading_deg=60.0).tdl, 3).process(iq)
    np.testing.assert_array_equal(out, expected)


def test_speed_is_the_inverse_of_the_doppler_shift() -> None:
    doppler = kernels.doppler_of(30.0, 3.5e9)
    assert doppler == pytest.approx(97.3, abs=0.1)
    assert channels.speed_kmh(doppler, 3.5e9) == pytest.approx(30.0, rel=1e-6)


def test_drawn_profile_takes_a_given_doppler_shift() -> None:
    assert Fading.random(np.random.default_rng(1), 33.0).doppler_hz == 33.0
    drawn = [Fading.random(np.random.default_rng(k)).doppler_hz for k in range(200)]
    assert min(drawn) == 0.0
    assert 25.0 < max(drawn) <= 400.0

# SPDX-License-Identifier: GPL-3.0-or-later
"""The transmitters' blocks and what they are configured with."""

import inspect

import numpy as np
import pytest
from gnuradio import blocks, gr, lwmspectro
from gnuradio.lwmspectro.cli import transmit_options
from gnuradio.lwmspectro.transmitters import settings
from gnuradio.lwmspectro.transmitters.protocols import PROTOCOLS
from gnuradio.lwmspectro.waveforms import lte, nr, single_carrier, wifi
from gnuradio.lwmspectro.waveforms.common import active_power
from gnuradio.lwmspectro.waveforms.nr import raster

CASES = {  # block, module, configuration, arguments of a small one
    "wifi": ("wifi_source", wifi, settings.wifi_config, {"standard": "11a", "mcs": 0}),
    "lte": ("lte_source", lte, settings.lte_config, {"n_prb": 6, "pci": 9}),
    "nr": ("nr_source", nr, settings.nr_config, {"n_rb": 24, "pci": 9}),
    "single-carrier": (
        "single_carrier_source",
        single_carrier,
        settings.single_carrier_config,
        {"modulation": "64QAM"},
    ),
}
SHARED = {"samp_rate", "amplitude", "seed", "repeat_s"}


def play(block, n):
    sink = blocks.vector_sink_c()
    graph = gr.top_block()
    graph.connect(block, blocks.head(gr.sizeof_gr_complex, n), sink)
    graph.run()
    return np.array(sink.data(), np.complex64)


@pytest.mark.parametrize("name", CASES)
def test_a_block_plays_its_transmitter(name):
    block_name, module, configure, arguments = CASES[name]
    cfg = configure(**arguments)
    n = round(0.03 * cfg.samp_rate)
    transmitter, parts = module.Transmitter(cfg, 5), []
    while sum(map(len, parts)) < n:
        parts.append(transmitter.next_piece())
    block = getattr(lwmspectro, block_name)(**arguments, seed=5, amplitude=0.5)
    assert block.samp_rate == cfg.samp_rate
    assert block.occupied_bw_hz == cfg.occupied_bw_hz
    samples = play(block, n)
    np.testing.assert_array_equal(samples, np.concatenate(parts)[:n] * np.float32(0.5))
    assert active_power(samples) == pytest.approx(0.25, rel=0.3)
    assert block.error is None


@pytest.mark.parametrize("name", CASES)
def test_names_and_defaults_are_those_of_the_settings(name):
    block_name, _, configure, _ = CASES[name]
    given = inspect.signature(getattr(lwmspectro, block_name).__init__).parameters
    wanted = inspect.signature(configure).parameters
    own = {key: given[key].default for key in given if key not in {"self", *SHARED}}
    assert own == {key: parameter.default for key, parameter in wanted.items()}
    assert PROTOCOLS[name].configure is configure
    options = {field.name for field in transmit_options._SETTINGS[name]}
    assert options == set(wanted) - {"carrier_hz"}  # which is --center-freq


@pytest.mark.parametrize("name", CASES)
def test_wrong_seeds_and_rates_are_refused(name):
    block = getattr(lwmspectro, CASES[name][0])
    with pytest.raises(ValueError, match="seed: expected 0 or more, got -1"):
        block(**CASES[name][3], seed=-1)
    with pytest.raises(ValueError, match="samp_rate: expected Hz"):
        block(**CASES[name][3], samp_rate=-1.0)


def test_wifi_rates():
    rates = [settings.wifi_config("11a", mcs).rates for mcs in range(8)]
    assert rates == [(6,), (9,), (12,), (18,), (24,), (36,), (48,), (54,)]
    assert settings.wifi_config("11ac", 8).modulation == "256QAM"
    cfg = settings.wifi_config("11n", 3, psdu_bytes=321, short_gi=True, acks=False, beacons=True)
    assert (cfg.rates, cfg.sizes, cfg.short_gi) == ((3,), (321,), True)
    assert (cfg.answered, cfg.beacons) == (False, True)


@pytest.mark.parametrize(("n_prb", "rate"), [(6, 1.92e6), (25, 7.68e6), (100, 30.72e6)])
def test_lte_bandwidths(n_prb, rate):
    cfg = settings.lte_config(n_prb, pci=100, duplex="tdd", tdd_config=2, n_ports=2, load=0.3)
    assert cfg.samp_rate == rate
    assert (cfg.pci, cfg.tdd_config, cfg.traffic.time_load) == (100, 2, 0.3)
    assert np.sum(np.abs(cfg.port_gains) ** 2) == pytest.approx(1.0)
    assert settings.lte_config(n_prb).tdd_config is None


@pytest.mark.parametrize(
    ("n_rb", "scs_hz", "rate"), [(25, 15000, 7.68e6), (52, 15000, 15.36e6), (106, 30000, 61.44e6)]
)
def test_nr_bandwidths(n_rb, scs_hz, rate):
    cfg = settings.nr_config(n_rb, scs_hz, pci=1007, duplex="tdd", carrier_hz=3500.01e6)
    assert cfg.samp_rate == rate
    assert cfg.pci == 1007
    assert "U" in cfg.pattern
    assert len(cfg.pattern) * 15000 == 5 * scs_hz  # 5 ms
    assert cfg.carrier_hz == 3500.01e6
    assert settings.nr_config(n_rb, scs_hz).pattern == "D"


def test_candidates_of_synchronisation_blocks():
    for carrier_hz, duplex, scs_hz, expected in (
        (0.0, "fdd", 30000, 4),
        (0.0, "tdd", 30000, 8),
        (2.1e9, "fdd", 30000, 4),
        (2.1e9, "tdd", 30000, 8),
        (1.8e9, "tdd", 30000, 4),
        (2.1e9, "tdd", 15000, 4),
        (3500.01e6, "fdd", 15000, 8),
    ):
        cfg = settings.nr_config(25, scs_hz, duplex=duplex, carrier_hz=carrier_hz)
        assert cfg.ssb_l_max == expected


@pytest.mark.parametrize(
    ("scs_hz", "blocks"),
    [(15000, (25, 52, 79, 106, 160, 216, 270)), (30000, (20, 24, 38, 51, 65, 78, 106, 273))],
)
def test_the_synchronisation_block_is_on_its_raster(scs_hz, blocks):
    held = 0
    for n_rb in blocks:
        for carrier_hz in (0.758e9, 1.8425e9, 2.14e9, 2.9999e9, 3.0003e9, 3.4944e9, 3.5e9, 4.9e9):
            try:
                cfg = settings.nr_config(n_rb, scs_hz, carrier_hz=carrier_hz)
                held += 1
            except ValueError as error:
                near = float(str(error).split("the nearest is ")[1].split(",")[0])
                assert 0 < abs(near - carrier_hz) <= 0.72e6
                cfg = settings.nr_config(n_rb, scs_hz, carrier_hz=near)
            centre = raster.ssb_freq(cfg)
            assert raster.gscn(centre) is not None
            assert abs(centre - cfg.carrier_hz) <= (6 * n_rb - 120) * scs_hz
            point_a = cfg.carrier_hz - 6 * n_rb * scs_hz
            k_ssb = raster.ssb_crb(cfg)[1]
            lowest = point_a + 180e3 * raster.offset_to_point_a(cfg) + 15e3 * k_ssb
            assert lowest + 120 * scs_hz == centre
    assert held > 3 * len(blocks)


@pytest.mark.parametrize("mcs", [0, 4, 5, 10, 11, 19, 20, 27])
def test_the_mcs_of_a_mixed_nr_cell_is_its_modulation(mcs):
    cfg = settings.nr_config(mcs=mcs)
    name = cfg.label_modulation
    assert name == (
        "QPSK" if mcs < 5 else "16QAM" if mcs < 11 else "64QAM" if mcs < 20 else "256QAM"
    )
    assert settings.nr_config(modulation=name, mcs=mcs).mcs == mcs


@pytest.mark.parametrize("configure", [settings.lte_config, settings.nr_config])
def test_cells_say_what_they_modulate(configure):
    for name in (*settings.QAM, settings.MIXED):
        assert configure(modulation=name).modulation.lower() == name.lower()
    with pytest.raises(ValueError, match="modulation: expected one of"):
        configure(modulation="8PSK")
    with pytest.raises(ValueError, match="duplex: expected one of"):
        configure(duplex="half")
    with pytest.raises(ValueError, match=r"load: expected 0\.\.1"):
        configure(load=-0.1)


@pytest.mark.parametrize(
    ("configure", "arguments", "said"),
    [
        (settings.wifi_config, {"standard": "11b"}, "standard: expected one of"),
        (settings.wifi_config, {"mcs": 8}, r"mcs: expected 0\.\.7 for 11n, got 8"),
        (settings.wifi_config, {"standard": "11a", "short_gi": True}, "short_gi: expected False"),
        (settings.wifi_config, {"duty": 0.0}, "duty: expected"),
        (settings.wifi_config, {"psdu_bytes": 33}, "psdu_bytes: expected 34 or more, got 33"),
        (
            settings.wifi_config,
            {"standard": "11a", "psdu_bytes": 4096},
            r"psdu_bytes: expected 34\.\.4095 for 11a and mcs 7, got 4096",
        ),
        (
            settings.wifi_config,
            {"mcs": 0, "psdu_bytes": 5000},
            r"psdu_bytes: expected 34\.\.4423 for 11n and mcs 0, got 5000",
        ),
        (settings.lte_config, {"n_prb": 49}, "n_prb: expected one of"),
        (settings.lte_config, {"n_ports": 3}, "n_ports: expected 1, 2 or 4"),
        (settings.lte_config, {"cfi": 0}, r"cfi: expected 1\.\.3"),
        (settings.lte_config, {"pci": 504}, "pci"),
        (settings.nr_config, {"scs_hz": 60000}, "scs_hz: expected one of"),
        (settings.nr_config, {"n_rb": 19}, r"n_rb: expected 20\.\.275"),
        (settings.nr_config, {"carrier_hz": -1.0}, "carrier_hz: expected"),
        (settings.nr_config, {"carrier_hz": 1e6}, "carrier_hz: expected 0 or"),
        (settings.nr_config, {"carrier_hz": 3.5e9}, r"the nearest is 3500\.01e6, got 3500e6"),
        (settings.nr_config, {"pci": 1008}, r"pci: expected 0\.\.1007, got 1008"),
        (settings.nr_config, {"mcs": 28}, r"mcs: expected 0\.\.27 for mixed in table 2, got 28"),
        (settings.nr_config, {"modulation": "QPSK", "mcs": 9}, r"mcs: expected 0\.\.4 for qpsk"),
        (settings.nr_config, {"ssb_period_ms": 7}, r"ssb_period_ms: expected one of \(5, 10, 20"),
    ],
)
def test_settings_out_of_range_are_named(configure, arguments, said):
    with pytest.raises(ValueError, match=said):
        configure(**arguments)

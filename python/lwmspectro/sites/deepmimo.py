# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a scenario folder of DeepMIMO 4.

``params.json`` tells the carrier and which sets of points send and receive. For each
transmitter t of a set s and each set r of receivers there are arrays named, for example,
``delay_t00s_tx00t_r00r``, as npz (of one array, named ``delay``) or mat: delay in seconds,
power in dB (of 0 dB sent), aod_az, aod_el, aoa_az and aoa_el in degrees (el from z), inter, all
of shape (users, paths) and NaN where there is no path; rx_pos (users, 3) and tx_pos in metres.
The digits of inter are the interactions: 1 reflection, 2 diffraction, 3 scattering, 4
transmission; 0 is the line of sight.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..strict_json import SchemaError, parse
from .city_file import read_arrays
from .site import Site
from .site_paths import MIN_GAIN_DB, SitePaths

_PATHS = ("delay", "power", "aod_az", "aod_el", "aoa_az", "aoa_el", "inter")
_DIFFRACTION = 2


def read_scenario(folder: Path) -> list[Site]:
    """A site for each transmitter that reaches somebody.

    Raises:
        ValueError: it is no static scenario of version 4, or nobody in it has a path.
        OSError: a file cannot be read.
    """
    folder = Path(folder)
    path = folder / "params.json"
    try:
        params = parse(path.read_bytes())
        freq_hz = float(params["rt_params"]["frequency"])
        sets = [
            (int(s["id"]), int(s["num_points"]), bool(s["is_tx"]), bool(s["is_rx"]))
            for _, s in sorted(params["txrx_sets"].items())
        ]
        n_scenes = int(params.get("scene", {}).get("num_scenes", 1))
    except SchemaError as error:
        raise ValueError(f"{path}: {error}") from None
    except (KeyError, TypeError, AttributeError, ValueError):
        raise ValueError(
            f"{path}: expected rt_params.frequency and txrx_sets of DeepMIMO 4, got others"
        ) from None
    if n_scenes != 1:
        raise ValueError(f"{path}: expected a static scenario, got one of {n_scenes} scenes")
    sites = []
    for name, arrays in _links(folder, sets):
        site = _site(f"{folder.name}-{name}", folder, freq_hz, arrays)
        if site is not None:
            sites.append(site)
    if not sites:
        raise ValueError(f"{folder}: expected receivers with a path, got none")
    return sites


def _links(
    folder: Path, sets: list[tuple[int, int, bool, bool]]
) -> Iterator[tuple[str, dict[str, NDArray[Any]]]]:
    """Arrays of each transmitter and set of points that only receive."""
    for tx, n_points, is_tx, _ in sets:
        for rx, _, sends, receives in sets:
            if is_tx and receives and not sends:
                for point in range(n_points):
                    suffix = f"t{tx:03}_tx{point:03}_r{rx:03}"
                    names = (*_PATHS, "rx_pos", "tx_pos")
                    yield suffix, {name: _array(folder, name, suffix) for name in names}


def _array(folder: Path, name: str, suffix: str) -> NDArray[Any]:
    npz, mat = (folder / f"{name}_{suffix}.{kind}" for kind in ("npz", "mat"))
    if npz.is_file():
        arrays: dict[str, Any] = read_arrays(npz)
    elif mat.is_file():
        try:
            import scipy.io
        except ModuleNotFoundError:
            raise ValueError(f"{mat}: expected the Python package scipy, to read it") from None
        try:
            arrays = scipy.io.loadmat(mat)
        except (ValueError, NotImplementedError, TypeError):
            raise ValueError(f"{mat}: expected a MATLAB 5 file") from None
    else:
        raise ValueError(f"{folder}: expected {npz.name} or {mat.name}, got neither")
    if name not in arrays:
        raise ValueError(f"{folder}: expected an array {name} in {name}_{suffix}, got none")
    return np.asarray(arrays[name], np.float64)


def _site(name: str, folder: Path, freq_hz: float, arrays: dict[str, NDArray[Any]]) -> Site | None:
    shape = arrays["power"].shape
    for key in _PATHS:
        if len(shape) != 2 or arrays[key].shape != shape:
            raise ValueError(f"{name}: expected {key} of shape {shape}, got {arrays[key].shape}")
    if arrays["rx_pos"].shape != (shape[0], 3) or arrays["tx_pos"].size != 3:
        raise ValueError(
            f"{name}: expected rx_pos of shape {(shape[0], 3)} and tx_pos of 3, "
            f"got {arrays['rx_pos'].shape} and {arrays['tx_pos'].shape}"
        )
    valid = np.all([np.isfinite(arrays[key]) for key in _PATHS], axis=0)
    valid &= arrays["power"] > MIN_GAIN_DB
    users = np.flatnonzero(valid.any(axis=1))
    if len(users) == 0:
        return None
    gains_db = np.where(valid, arrays["power"], -np.inf)[users]
    order = np.argsort(-gains_db, axis=1, kind="stable")
    keep = np.take_along_axis(valid[users], order, axis=1)

    def pick(values: NDArray[Any]) -> NDArray[Any]:
        return np.take_along_axis(values[users], order, axis=1)[keep]

    diffractions, others = _count_interactions(pick(arrays["inter"]))
    n_paths = keep.sum(axis=1)
    x, y, z = (float(value) for value in arrays["tx_pos"].ravel())
    paths = SitePaths(
        positions_m=arrays["rx_pos"][users],
        n_paths=n_paths,
        n_traced=n_paths,
        total_gain_db=10 * np.log10((10 ** (gains_db / 10)).sum(axis=1)),
        delays_s=pick(arrays["delay"]),
        gains_db=pick(arrays["power"]),
        departure_azimuth_deg=pick(arrays["aod_az"]),
        departure_zenith_deg=pick(arrays["aod_el"]),
        arrival_azimuth_deg=pick(arrays["aoa_az"]),
        arrival_zenith_deg=pick(arrays["aoa_el"]),
        n_reflections=others,
        n_diffractions=diffractions,
    )
    return Site(name, folder.name, "deepmimo", freq_hz, (x, y, z), z, paths)


def _count_interactions(codes: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """How many of the digits of each code are diffractions, and how many others."""
    rest = np.maximum(np.rint(codes), 0).astype(np.int64)
    diffractions, others = np.zeros_like(rest), np.zeros_like(rest)
    while rest.any():
        digit = rest % 10
        diffractions += digit == _DIFFRACTION
        others += (digit != 0) & (digit != _DIFFRACTION)
        rest //= 10
    return diffractions, others

# SPDX-License-Identifier: GPL-3.0-or-later
"""A city of Sionna RT: what is where, what is seen from where, and the paths to users."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path
from typing import Any

import numpy as np
from gnuradio.lwmspectro.sites.site_paths import MIN_GAIN_DB, SitePaths
from numpy.typing import NDArray

from .plan import TraceConfig

_VARIANT = "llvm_ad_mono_polarized"  # on the CPU, so that all machines give the same numbers
_OLDEST_LLVM = 17  # 14 to 16 crash in it
_GROUNDS = {
    "munich": "ground",
    "etoile": "Plane",
    "florence": "ground",
    "san_francisco": "Terrain",
}
_PACKAGES = ("sionna-rt", "mitsuba", "drjit", "numpy")
# sionna.rt.constants.InteractionType
_SPECULAR, _DIFFRACTION = 1, 8


class MissingToolError(ValueError):
    """Ray tracing needs something that is not installed; the text says how to get it."""


def import_sionna() -> Any:
    """sionna.rt, on the CPU.

    Raises:
        MissingToolError: it or LLVM is not there.
    """
    if "DRJIT_LIBLLVM_PATH" not in os.environ and (library := _find_llvm()):
        os.environ["DRJIT_LIBLLVM_PATH"] = str(library)
    try:
        import mitsuba

        if mitsuba.variant() != _VARIANT:
            mitsuba.set_variant(_VARIANT)
        import sionna.rt
    except ImportError as error:
        raise MissingToolError(
            f"expected sionna-rt and libllvm19 for ray tracing: make sites-deps ({error})"
        ) from None
    return sionna.rt


def _find_llvm() -> Path | None:
    """The newest LLVM of Debian that Dr.Jit runs with."""
    found = {}
    for path in Path("/usr/lib").glob("*/libLLVM.so.*"):
        version = path.name.removeprefix("libLLVM.so.").split(".")[0]
        if version.isdigit() and int(version) >= _OLDEST_LLVM:
            found[int(version)] = path
    return found[max(found)] if found else None


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    return {name: importlib.metadata.version(name) for name in _PACKAGES}


class CityScene:
    """A packaged city at one carrier frequency at a time.

    Antennas are isotropic and vertically polarised at both ends, so that a gain is that of the
    path alone. Walls let nothing through: users are outdoors.

    Raises:
        MissingToolError: Sionna RT or LLVM is not there.
        ValueError: there is no such city.
    """

    def __init__(self, city: str) -> None:
        if city not in _GROUNDS:
            raise ValueError(f"expected a city among {', '.join(_GROUNDS)}, got {city}")
        self._rt = import_sionna()
        import mitsuba

        self._mi = mitsuba
        self._scene = self._rt.load_scene(getattr(self._rt.scene, city))
        array = self._rt.PlanarArray(
            num_rows=1,
            num_cols=1,
            vertical_spacing=0.5,
            horizontal_spacing=0.5,
            pattern="iso",
            polarization="V",
        )
        self._scene.tx_array = array
        self._scene.rx_array = array
        self._solver = self._rt.PathSolver(deterministic=True)
        self._ground = [o.mi_mesh for o in self._scene.objects.values() if o.name == _GROUNDS[city]]

    @property
    def bounds_m(self) -> NDArray[np.float64]:
        """(2, 3) the least and the greatest coordinates of the scene."""
        box = self._scene.mi_scene.bbox()
        return np.array([box.min, box.max], np.float64).reshape(2, 3)

    def look_down(
        self, xy_m: NDArray[np.floating]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """What is met from above at each point (n, 2): heights (n,), and whether it is ground.

        Where it is not, there is a roof. A height is NaN beyond the scene.
        """
        mi = self._mi
        x, y = (mi.Float(np.ascontiguousarray(xy_m[:, i], np.float32)) for i in (0, 1))
        top = mi.Float(float(self.bounds_m[1, 2]) + 10.0)
        hit = self._scene.mi_scene.ray_intersect(
            mi.Ray3f(mi.Point3f(x, y, top), mi.Vector3f(0.0, 0.0, -1.0))
        )
        height = np.where(hit.is_valid().numpy(), hit.p.z.numpy(), np.nan).astype(np.float64)
        on_ground = np.zeros(len(xy_m), bool)
        for mesh in self._ground:
            on_ground |= (hit.shape == mi.ShapePtr(mesh)).numpy()
        return height, on_ground

    def visible(
        self, from_m: NDArray[np.floating], to_m: NDArray[np.floating]
    ) -> NDArray[np.bool_]:
        """(n,) whether nothing stands between a point (3,) and each of ``to_m`` (n, 3)."""
        mi = self._mi
        way = np.asarray(to_m, np.float64) - from_m
        length = np.linalg.norm(way, axis=1)
        ray = mi.Ray3f(
            mi.Point3f(*(float(v) for v in from_m)),
            mi.Vector3f(*(np.ascontiguousarray(v, np.float32) for v in (way.T / length))),
        )
        ray.maxt = mi.Float((length - 0.01).astype(np.float32))
        return ~self._scene.mi_scene.ray_test(ray).numpy()

    def trace(
        self,
        site_m: NDArray[np.floating],
        users_m: NDArray[np.floating],
        center_freq_hz: float,
        config: TraceConfig,
        seed: int,
    ) -> tuple[SitePaths | None, NDArray[np.int64]]:
        """Paths from a base station to users (n, 3), and which users have a link at all.

        Returns None for the paths where nobody has.
        """
        scene, rt = self._scene, self._rt
        scene.frequency = center_freq_hz
        scene.remove([*scene.transmitters, *scene.receivers])
        scene.add(rt.Transmitter("site", position=[float(v) for v in site_m]))
        for i, user in enumerate(users_m):
            scene.add(rt.Receiver(f"user-{i}", position=[float(v) for v in user]))
        paths = self._solver(
            scene,
            max_depth=config.max_depth,
            samples_per_src=config.samples_per_site,
            refraction=False,
            diffraction=config.diffraction,
            seed=seed,
        )
        return _strongest(paths, np.asarray(users_m, np.float64), config)


def _strongest(
    paths: Any, users_m: NDArray[np.float64], config: TraceConfig
) -> tuple[SitePaths | None, NDArray[np.int64]]:
    def of_users(tensor: Any) -> NDArray[np.float64]:
        return np.asarray(tensor.numpy(), np.float64).reshape(len(users_m), -1)

    real, imag = (of_users(part) for part in paths.a)
    with np.errstate(divide="ignore"):
        gains_db = 10 * np.log10(np.where(of_users(paths.valid) > 0, real**2 + imag**2, 0.0))
    valid = gains_db > MIN_GAIN_DB
    gains_db[~valid] = -np.inf
    with np.errstate(divide="ignore"):
        total_db = 10 * np.log10((10 ** (gains_db / 10)).sum(axis=1))
    linked = np.flatnonzero(total_db >= -config.max_path_loss_db)
    if len(linked) == 0:
        return None, linked
    order = np.argsort(-gains_db[linked], axis=1, kind="stable")[:, : config.max_paths]
    keep = np.take_along_axis(valid[linked], order, axis=1)

    def pick(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.take_along_axis(values[linked], order, axis=1)[keep]

    # (depth, users, 1, paths) -> how many of a kind each path has
    kinds = np.asarray(paths.interactions.numpy())
    kinds = kinds.reshape(kinds.shape[0], len(users_m), -1)
    selected = SitePaths(
        positions_m=users_m[linked],
        n_paths=keep.sum(axis=1),
        n_traced=valid[linked].sum(axis=1),
        total_gain_db=total_db[linked],
        delays_s=pick(of_users(paths.tau)),
        gains_db=pick(gains_db),
        departure_azimuth_deg=np.degrees(pick(of_users(paths.phi_t))),
        departure_zenith_deg=np.degrees(pick(of_users(paths.theta_t))),
        arrival_azimuth_deg=np.degrees(pick(of_users(paths.phi_r))),
        arrival_zenith_deg=np.degrees(pick(of_users(paths.theta_r))),
        n_reflections=pick((kinds == _SPECULAR).sum(axis=0)).astype(np.int64),
        n_diffractions=pick((kinds == _DIFFRACTION).sum(axis=0)).astype(np.int64),
    )
    return selected, linked

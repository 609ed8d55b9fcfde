# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train sites."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ..sites.plan import CITIES, planned_sites

HELP = "Trace rays from base stations in cities; goes on where it was stopped."

DATA = Path("python/lwmspectro/sites/data")
IMAGES = Path("docs/images/sites")
WORK = Path("build/sites")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--out", type=Path, default=DATA, help="folder of the sites (%(default)s of the sources)"
    )
    parser.add_argument(
        "--images", type=Path, help=f"folder of the maps ({IMAGES}, or OUT where that is given)"
    )
    parser.add_argument(
        "--work", type=Path, help=f"folder of sites traced so far ({WORK}, or OUT/parts)"
    )
    parser.add_argument("--seed", type=int, default=1, help="%(default)s")
    parser.add_argument("--users", type=int, default=1000, help="users of a site (%(default)s)")
    parser.add_argument(
        "--city", action="append", choices=CITIES, help="only this city; may be repeated"
    )
    parser.add_argument(
        "--redraw", action="store_true", help="only the maps, of sites that are there"
    )


def run(args: argparse.Namespace) -> None:
    """Traces what is missing, then draws the maps.

    Raises:
        ValueError: an option is out of range, or ray tracing is not installed.
        RuntimeError: a site cannot be placed.
        OSError: a folder cannot be written.
    """
    from ..sites import build, pictures, scene

    if args.out == DATA and not DATA.parent.is_dir():
        raise ValueError(f"expected the folder {DATA.parent} here, or --out: got neither")
    images = args.images or (IMAGES if args.out == DATA else args.out)
    if not args.redraw:
        work = args.work or (WORK if args.out == DATA else args.out / "parts")
        cities = args.city or CITIES
        plans = tuple(plan for plan in planned_sites() if plan.city in cities)
        config = build.BuildConfig(args.out, work, plans, seed=args.seed, n_users=args.users)
        scene.import_sionna()  # before there is a bar that an error would stand beside
        with _progress() as progress:
            task = progress.add_task("sites", total=len(plans) * args.users)
            build.build(config, _report(progress, task))
    pictures.draw_maps(args.out, images)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("users"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _report(progress: Progress, task: object) -> Callable[[str, int], None]:
    def report(name: str, n_users: int) -> None:
        progress.update(task, description=name, advance=n_users)  # type: ignore[arg-type]

    return report

# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes python/lwmspectro/waveforms/coding/nr_tables.npz from the tables of TS 38.212.

    python scripts/convert_nr_tables.py FOLDER [--out FILE]

FOLDER holds ``5G_bg1.csv``, ``5G_bg2.csv`` (tables 5.3.2-2 and 5.3.2-3) and ``polar_5G.csv``
(table 5.3.1.2-1), as the wheel ``sionna-no-rt`` 2.2.0 (Apache-2.0) carries them below
``sionna/phy/fec``. The numbers are those of the standard; the layout of the output is ours:

    bg1, bg2: int16, (edges, 10): row and column of the base graph, shifts of set 0 to 7.
    polar: uint16, (1024,): bit indices from the least to the most reliable.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

import numpy as np

TARGET = Path(__file__).parents[1] / "python/lwmspectro/waveforms/coding/nr_tables.npz"
EDGES = {"bg1": 316, "bg2": 197}


def base_graph(path: Path) -> np.ndarray:
    """Edges of a base graph; a row number stands only on the first line of its row."""
    edges, row = [], -1
    with path.open(encoding="utf-8-sig") as file:
        for fields in list(csv.reader(file, delimiter=";"))[2:]:
            row = int(fields[0]) if fields[0].strip() else row
            edges.append([row, *(int(value) for value in fields[1:10])])
    return np.array(edges, np.int16)


def polar_sequence(path: Path) -> np.ndarray:
    """Bit indices in the order of their reliability."""
    with path.open(encoding="utf-8-sig") as file:
        pairs = [[int(v) for v in row[:2]] for row in csv.reader(file, delimiter=";") if row]
    return np.array([index for _, index in sorted(pairs)], np.uint16)


def main() -> int:
    """Convert and check the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the three CSV files are")
    parser.add_argument("--out", type=Path, default=TARGET, help="file to write (%(default)s)")
    args = parser.parse_args()
    folder = args.folder
    found = {path.name: path for path in folder.rglob("*.csv")}
    missing = {"5G_bg1.csv", "5G_bg2.csv", "polar_5G.csv"} - found.keys()
    if missing:
        print(f"{folder}: expected {', '.join(sorted(missing))}", file=sys.stderr)
        return 2
    tables = {name: base_graph(found[f"5G_{name}.csv"]) for name in EDGES}
    tables["polar"] = polar_sequence(found["polar_5G.csv"])
    sizes = {name: tables[name].shape[0] for name in EDGES}
    if sizes != EDGES or sorted(tables["polar"]) != list(range(1024)):
        print(f"expected {EDGES} edges and a permutation of 1024, got {sizes}", file=sys.stderr)
        return 2
    temporary = args.out.with_suffix(".tmp.npz")
    np.savez_compressed(temporary, **tables)
    temporary.replace(args.out)
    print(f"{args.out}: {args.out.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

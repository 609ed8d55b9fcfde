# SPDX-License-Identifier: GPL-3.0-or-later
"""Cells on the disk, statistics over seeds, and tables made of them."""

import math

import numpy as np
import pytest

pytest.importorskip("lightning", reason="training is not installed")

from lwmspectro_train.results import cells, paper, report
from lwmspectro_train.results.cells import ALL, Cell, CellFile, Key
from lwmspectro_train.results.statistics import Estimate, estimate
from scipy import stats


def cell(method="lwm", count=5, seed=1, f1=0.5, **more):
    return Cell(Key("lte", method, count, seed), "id", f1, f1, 70, 1400, **more)


def test_the_interval_is_that_of_scipy():
    values = np.random.default_rng(1).normal(0.8, 0.05, 5)
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    got = estimate(values)
    assert got.mean - got.margin == pytest.approx(low)
    assert got.mean + got.margin == pytest.approx(high)
    assert math.isnan(estimate([0.5]).margin)
    with pytest.raises(ValueError, match="expected at least one, got none"):
        estimate([])


def test_cells_come_back_from_the_disk(tmp_path):
    path = tmp_path / "a" / "cells.csv"
    file = CellFile(path)
    first = cell(by_snr={-5.0: 0.25, 10.0: 0.75}, epochs=8, seconds=1.5, windows_per_s=80.25)
    second = cell(seed=2, by_snr={25.0: 1.0})
    file.add(first)
    file.add(second)
    assert cells.read(path) == [first, second]
    assert [p.name for p in path.parent.iterdir()] == ["cells.csv"]
    again = CellFile(path)
    assert again.find(first.key, "id") == first
    assert again.find(first.key, "other data") is None
    assert again.find(Key("lte", "lwm", 5, 3), "id") is None
    newer = cell(f1=0.6)
    again.add(newer)
    assert cells.read(path) == [newer, second]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("links,method\nlte,lwm\n", "expected columns accuracy, count"),
        ("@x,y\n", "expected columns"),
    ],
)
def test_other_files_are_refused(tmp_path, text, what):
    path = tmp_path / "cells.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=what):
        CellFile(path)


def test_a_broken_line_is_named(tmp_path):
    path = tmp_path / "cells.csv"
    CellFile(path).add(cell())
    path.write_text(path.read_text().replace(",70,", ",seventy,"))
    with pytest.raises(ValueError, match=r"line 2: expected a measurement, got .*seventy"):
        cells.read(path)


def table_of(found, counts=(5, 10, ALL)):
    return report.by_count(
        found, ("lwm_ft", "lwm", "deep_cnn"), counts, lambda c: c.f1, paper.table_2
    )


def test_a_table_shows_what_was_measured_and_nothing_else():
    text = table_of([cell(f1=0.5), cell(seed=2, f1=0.6), cell(count=ALL, f1=0.75)])
    head, _, ours, theirs = text.splitlines()
    assert head == "| windows per class | 5 | all |"  # nothing was measured with 10
    margin = 100 * estimate([0.5, 0.6]).margin
    assert ours == f"| LWM, frozen | 55.0 ± {margin:.1f} | 75.0 (1 seed) |"
    assert theirs == "| – *the paper* | 47.4 | – |"
    assert "Deep CNN" not in text  # not measured, so that the paper's figure stands alone nowhere
    assert "44.6" not in text


def test_a_cell_that_is_missing_is_a_dash():
    text = table_of([cell(), cell("deep_cnn", 10)])
    assert "| LWM, frozen | 50.0 (1 seed) | – |" in text
    assert "| Deep CNN | – | 50.0 (1 seed) |" in text


def test_accuracy_by_snr():
    found = [cell(seed=s, by_snr={0.0: 0.1 * s, 5.0: 0.9}) for s in (1, 2)]
    lines = report.by_snr(found, ("lwm",), 5).splitlines()
    assert lines[0] == "| SNR, dB | 0 | 5 |"
    assert lines[2].startswith("| LWM, frozen | 15.0 ± ")
    assert lines[2].endswith(" | 90.0 ± 0.0 |")


def test_numbers_are_written_alike():
    assert report.percent(Estimate(0.912, 0.008, 3)) == "91.2 ± 0.8"
    assert report.percent(None) == "–"
    assert report.count_name(3200) == "3,200"
    assert report.count_name(ALL) == "all"


def test_the_paper_s_tables_are_whole():
    assert all(len(row) == len(paper.TABLE_2_COUNTS) for row in paper.TABLE_2.values())
    assert paper.table_2("lwm_ft", 5) == 76.53
    assert paper.table_2("raw_logistic", 5) is None
    assert paper.table_3("lwm", 3200) == 91.50
    assert paper.table_3_accuracy("resnet18", 1600) == 88.32

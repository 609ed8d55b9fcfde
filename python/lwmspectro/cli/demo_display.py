# SPDX-License-Identifier: GPL-3.0-or-later
"""How the demonstration is shown while it runs, and its summary.

Each answer stands behind what is on the air, as ``64QAM > 16QAM``.
"""

import math
from collections import deque
from types import TracebackType
from typing import Self, TextIO

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from .. import keys
from ..synthetic_scenes import Truth
from .demo_record import MIXED, Answer, Record
from .rows import STYLES, UNSAID, console_on

NAMES = {
    "wifi": "WiFi",
    "lte": "LTE",
    "nr": "NR (5G)",
    "noise": "noise",
    MIXED: "(change)",
    keys.STATUS_NO_SIGNAL: "no signal",
}
"""Protocols, and what may be said in place of one, for people."""

COLUMNS = (
    ("time s", 6),
    ("protocol", 19),
    ("p", 5),
    ("modulation", 15),
    ("SNR dB", 12),
    ("mobility", 23),
    ("latency ms", 10),
    ("dropped", 7),
)
"""Headings and widths, in characters."""

BETWEEN = " > "
"""Between what is on the air and what was said of it."""

SCORES = ("on the air", "windows", "protocol", "modulation", "mobility", "SNR error")
"""Headings of the summary."""

LIVE_ROWS = 12
PERIOD_S = 1.0
LIVE_PERIOD_S = 0.25
"""Seconds of signal from one row to the next; a change of scene comes at once."""


class Lines:
    """A row each second, one under the other."""

    period_s = PERIOD_S

    def __init__(self, stream: TextIO, record: Record, experts: bool = True) -> None:
        """Shows what is recorded of a model, which has experts or is a router alone."""
        self._experts = experts
        self._console = console_on(stream)
        self._stream = stream
        self._record = record
        self._read = 0
        self._last: Answer | None = None

    def __enter__(self) -> Self:
        self._console.print(_columns(tuple(name for name, _ in COLUMNS)))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def refresh(self) -> None:
        """Shows what has been answered since the last call."""
        answers = self._record.answers[self._read :]
        self._read += len(answers)
        for answer in answers:
            last = self._last
            if (
                last is None
                or answer.scene not in (last.scene, MIXED)
                or answer.time_s - last.time_s >= self.period_s
            ):
                self._last = answer
                self._show(answer)

    def _show(self, answer: Answer) -> None:
        self._console.print(_row(answer))
        self._stream.flush()


class LiveTable(Lines):
    """The newest rows and the score, in place on a terminal."""

    period_s = LIVE_PERIOD_S

    def __init__(self, stream: TextIO, record: Record, experts: bool = True) -> None:
        super().__init__(stream, record, experts)
        self._newest: deque[Answer] = deque(maxlen=LIVE_ROWS)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def refresh(self) -> None:
        """Draws the table anew."""
        super().refresh()
        lines = [Text(_columns(tuple(name for name, _ in COLUMNS)), style="bold")]
        lines += [_row(answer) for answer in self._newest]
        lines += [Text("")] * (LIVE_ROWS - len(self._newest) + 1)
        self._live.update(Group(*lines, score_table(self._record, self._experts)), refresh=True)

    def _show(self, answer: Answer) -> None:
        self._newest.append(answer)


def score_table(record: Record, experts: bool) -> Table:
    """Windows of each scene, and how many of them were answered right.

    Args:
        record: the answers.
        experts: whether the model has any: a router alone answers the protocol and no more.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    first, *others = SCORES
    table.add_column(first, no_wrap=True)
    for heading in others:
        table.add_column(heading, justify="right", no_wrap=True)
    for score in record.scores().values():
        truth, windows = score.truth, score.windows
        cells = [title_of(truth), str(windows), _percent(score.protocol, windows)]
        for right, known in (
            (score.modulation, truth.modulation),
            (score.mobility, truth.mobility),
        ):
            cells.append(_percent(right, windows) if experts and known else UNSAID)
        error = score.snr_error_db
        table.add_row(*cells, f"{error:.1f} dB" if math.isfinite(error) else UNSAID)
    return table


def title_of(truth: Truth) -> str:
    """What is on the air, for people."""
    parts = [name_of(truth.protocol), truth.modulation, truth.mobility]
    return " ".join(part for part in parts if part)


def name_of(said: str) -> str:
    """A protocol or a status, for people."""
    return NAMES.get(said, said)


def _percent(part: int, whole: int) -> str:
    return f"{100.0 * part / whole:.1f} %"


def _row(answer: Answer) -> Text:
    truth = answer.truth
    snr_db = modulation = mobility = None
    if truth is not None:
        snr_db = None if math.isnan(truth.snr_db) else f"{truth.snr_db:.1f}"
        modulation, mobility = truth.modulation, truth.mobility
    cells = (
        f"{answer.time_s:.2f}",
        _beside(name_of(MIXED if truth is None else truth.protocol), name_of(answer.said)),
        f"{answer.p:.2f}",
        _beside(modulation, answer.modulation),
        _beside(snr_db, None if answer.snr_db is None else f"{answer.snr_db:.1f}"),
        _beside(mobility, answer.mobility),
        f"{answer.latency_s * 1e3:.1f}",
        str(answer.dropped),
    )
    wrong = truth is not None and not answer.right
    return Text(_columns(cells), style="bold red" if wrong else STYLES[answer.status])


def _beside(truth: str | None, said: str | None) -> str:
    return (truth or UNSAID) + BETWEEN + (said or UNSAID)


def _columns(texts: tuple[str, ...]) -> str:
    pairs = zip(texts, COLUMNS, strict=True)
    return " ".join(text.rjust(width) for text, (_, width) in pairs)

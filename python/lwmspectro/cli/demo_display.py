# SPDX-License-Identifier: GPL-3.0-or-later
"""How the demonstration is shown while it runs, and its summary."""

from collections import deque
from types import TracebackType
from typing import Self, TextIO

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from .. import keys
from .demo_record import MIXED, Answer, Record
from .rows import STYLES, console_on

NAMES = {
    "wifi": "WiFi",
    "lte": "LTE",
    "nr": "NR (5G)",
    "noise": "noise",
    MIXED: "(change)",
    keys.STATUS_NO_SIGNAL: "no signal",
}
"""Scenes and what may be said of them, for people."""

COLUMNS = (
    ("time s", 7),
    ("on the air", 11),
    ("said", 11),
    ("p", 6),
    ("status", 10),
    ("latency ms", 11),
    ("dropped", 8),
)
"""Headings and widths, in characters."""

LIVE_ROWS = 12
PERIOD_S = 1.0
LIVE_PERIOD_S = 0.25
"""Seconds of signal from one row to the next; a change of scene comes at once."""


class Lines:
    """A row each second, one under the other."""

    period_s = PERIOD_S

    def __init__(self, stream: TextIO, record: Record) -> None:
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
                or answer.truth not in (last.truth, MIXED)
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

    def __init__(self, stream: TextIO, record: Record) -> None:
        super().__init__(stream, record)
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
        self._live.update(Group(*lines, score_table(self._record)), refresh=True)

    def _show(self, answer: Answer) -> None:
        self._newest.append(answer)


def score_table(record: Record) -> Table:
    """Windows of each scene, and how many were answered right."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("on the air", "windows", "right", "%"):
        table.add_column(heading, justify="left" if heading == "on the air" else "right")
    for scene, (windows, right) in record.scores().items():
        share = f"{100.0 * right / windows:.1f}"
        table.add_row(NAMES[scene], str(windows), str(right), share)
    return table


def name_of(said: str) -> str:
    """A scene, a protocol or a status, for people."""
    return NAMES.get(said, said)


def _row(answer: Answer) -> Text:
    cells = (
        f"{answer.time_s:.2f}",
        name_of(answer.truth),
        name_of(answer.said),
        f"{answer.p:.2f}",
        answer.status,
        f"{answer.latency_s * 1e3:.1f}",
        str(answer.dropped),
    )
    wrong = answer.truth != MIXED and not answer.right
    return Text(_columns(cells), style="bold red" if wrong else STYLES[answer.status])


def _columns(texts: tuple[str, ...]) -> str:
    pairs = zip(texts, COLUMNS, strict=True)
    return " ".join(text.rjust(width) for text, (_, width) in pairs)

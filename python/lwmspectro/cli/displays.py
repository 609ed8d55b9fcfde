# SPDX-License-Identifier: GPL-3.0-or-later
"""How the monitor shows results: JSON Lines, plain lines, or a table that updates."""

from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TextIO

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from .. import keys
from ..message import Message, to_json
from ..worker import Counts
from . import rows
from .tally import Tally

LIVE_ROWS = 20


class Display:
    """Shows nothing. ``show`` is called in the thread of the model, ``refresh`` in another."""

    def show(self, answer: Message, record: Mapping[str, Any]) -> None:
        """Takes one result, as a message and as what goes into JSON."""

    def refresh(self) -> None:
        """Called a few times a second."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


class JsonLines(Display):
    """One JSON object a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def show(self, answer: Message, record: Mapping[str, Any]) -> None:
        """Writes the line at once."""
        self._stream.write(to_json(record) + "\n")
        self._stream.flush()


class PlainTable(Display):
    """One row a line, under one heading."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._console = rows.console_on(stream)
        self._begun = False

    def show(self, answer: Message, record: Mapping[str, Any]) -> None:
        """Writes the row at once."""
        if not self._begun:
            self._console.print(rows.heading())
            self._begun = True
        self._console.print(rows.row(answer))
        self._stream.flush()


class LiveTable(Display):
    """The newest results and the totals, in place on a terminal."""

    def __init__(self, stream: TextIO, totals: Callable[[], tuple[Tally, Counts]]) -> None:
        self._totals = totals
        self._newest: deque[Message] = deque(maxlen=LIVE_ROWS)
        self._live = Live(console=rows.console_on(stream), auto_refresh=False, screen=False)

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

    def show(self, answer: Message, record: Mapping[str, Any]) -> None:
        """Keeps the result for the next refresh."""
        self._newest.append(answer)

    def refresh(self) -> None:
        """Draws the table."""
        table = Table(box=None)
        for name, _ in rows.COLUMNS:
            table.add_column(name, justify="right")
        for answer in list(self._newest):
            table.add_row(*rows.cells(answer), style=rows.STYLES[answer[keys.STATUS]])
        tally, counts = self._totals()
        line = f"{counts.submitted} windows, {counts.dropped} dropped; {tally.said()}"
        footer = Text(f"{line}; latency {tally.latency()}", style="bold")
        self._live.update(Group(table, footer), refresh=True)

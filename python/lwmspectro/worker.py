# SPDX-License-Identifier: GPL-3.0-or-later
"""A bounded queue with a thread behind it, for work too slow for the scheduler's thread."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

DROP = "drop"
BLOCK = "block"
POLICIES = (DROP, BLOCK)


@dataclass(frozen=True)
class Counts:
    """What became of the items: submitted = done + failed + dropped + still on their way."""

    submitted: int = 0
    done: int = 0
    failed: int = 0
    dropped: int = 0


class Worker(Generic[T]):
    """Hands items to a function in a thread of its own, in batches when it is behind.

    When the queue is full, policy ``drop`` discards its oldest item, so that the newest
    wins and :meth:`submit` never waits; policy ``block`` makes :meth:`submit` wait. At
    :meth:`stop`, ``block`` works off what is queued and ``drop`` discards what is not done
    within a moment. Every item is counted as done, failed or dropped. Thread safe.
    """

    def __init__(
        self,
        handle: Callable[[list[T]], Sequence[BaseException] | None],
        policy: str = DROP,
        depth: int = 8,
        batch: int = 8,
        grace_s: float = 0.0,
        on_error: Callable[[BaseException], None] | None = None,
    ) -> None:
        """A worker that is not running yet.

        Args:
            handle: takes 1 to ``batch`` items, oldest first, and returns an error for
                each of them that failed. Where it raises, all of them failed. The first
                error is kept in :attr:`error`, and work goes on.
            policy: ``drop`` or ``block``.
            depth: most items in the queue, beside those being handled.
            batch: most items handed over at once.
            grace_s: under ``drop``, how long :meth:`stop` waits for what is queued.
            on_error: called with the first error, in the thread of the worker.

        Raises:
            ValueError: an argument is out of range.
        """
        if policy not in POLICIES:
            raise ValueError(f"policy: expected one of {list(POLICIES)}, got {policy!r}")
        for name, value in (("depth", depth), ("batch", batch)):
            if value < 1:
                raise ValueError(f"{name}: expected 1 or more, got {value}")
        self._handle = handle
        self._policy = policy
        self._depth = depth
        self._batch = batch
        self._grace_s = grace_s
        self._on_error = on_error
        self._changed = threading.Condition()
        self._queue: deque[T] = deque()
        self._in_flight = 0
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._counts = Counts()
        self._error: BaseException | None = None

    @property
    def counts(self) -> Counts:
        """What became of the items so far, of one moment."""
        with self._changed:
            return self._counts

    @property
    def error(self) -> BaseException | None:
        """What ``handle`` raised or returned first, if it ever did."""
        return self._error

    def start(self) -> None:
        """Starts the thread; nothing when it runs."""
        with self._changed:
            if self._thread is not None:
                return
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name="lwmspectro", daemon=True)
            self._thread.start()

    def submit(self, item: T) -> bool:
        """Queues an item. False when it was dropped at once, because of :meth:`stop`."""
        with self._changed:
            self._count(submitted=1)
            if self._policy == BLOCK:
                self._changed.wait_for(lambda: self._stopping or len(self._queue) < self._depth)
            if self._stopping:
                self._count(dropped=1)
                return False
            if len(self._queue) >= self._depth:
                self._queue.popleft()
                self._count(dropped=1)
            self._queue.append(item)
            self._changed.notify_all()
            return True

    def wait_idle(self, timeout_s: float | None = None) -> bool:
        """Waits until the queue is empty and nothing is being handled, or the thread ended.

        Args:
            timeout_s: at most so long; None: as long as it takes.

        Returns:
            Whether that is so.
        """
        with self._changed:
            return self._changed.wait_for(self._is_idle, timeout_s)

    def cancel(self) -> None:
        """Drops what is queued, and whatever is submitted from here on. Never waits."""
        with self._changed:
            self._stopping = True
            self._discard()

    def stop(self) -> None:
        """Ends the thread, after the queue if the policy is ``block``; nothing when ended."""
        with self._changed:
            if self._policy == DROP:
                self._changed.wait_for(self._is_idle, self._grace_s)
            self._stopping = True
            if self._policy == DROP or self._thread is None:
                self._discard()
            self._changed.notify_all()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _is_idle(self) -> bool:
        return self._thread is None or not (self._queue or self._in_flight)

    def _run(self) -> None:
        while items := self._take():
            try:
                errors: Sequence[BaseException] = self._handle(items) or ()
                failed = len(errors)
            except BaseException as error:  # this thread goes on: somebody may be waiting for it
                errors, failed = [error], len(items)
            if errors:
                self._report(errors[0])
            self._finish(done=len(items) - failed, failed=failed)

    def _take(self) -> list[T]:
        """The next batch; empty at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._stopping)
            items = [self._queue.popleft() for _ in range(min(self._batch, len(self._queue)))]
            self._in_flight = len(items)
            self._changed.notify_all()
            return items

    def _finish(self, done: int, failed: int) -> None:
        with self._changed:
            self._in_flight = 0
            self._count(done=done, failed=failed)
            self._changed.notify_all()

    def _report(self, error: BaseException) -> None:
        first, self._error = self._error is None, self._error or error
        if first and self._on_error is not None:
            with suppress(Exception):
                self._on_error(error)

    def _discard(self) -> None:
        self._count(dropped=len(self._queue))
        self._queue.clear()
        self._changed.notify_all()

    def _count(self, submitted: int = 0, done: int = 0, failed: int = 0, dropped: int = 0) -> None:
        old = self._counts
        self._counts = Counts(
            old.submitted + submitted, old.done + done, old.failed + failed, old.dropped + dropped
        )


class RateLimit:
    """Says yes at most once in a while."""

    def __init__(self, period_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._period_s = period_s
        self._clock = clock
        self._next = -float("inf")

    def due(self) -> bool:
        """True when the period since the last yes is over."""
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + self._period_s
        return True

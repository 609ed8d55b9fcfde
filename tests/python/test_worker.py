# SPDX-License-Identifier: GPL-3.0-or-later
"""Order and accounting under both policies. Events, not sleeps, hold the threads."""

import threading

import pytest
from gnuradio.lwmspectro.worker import BLOCK, DROP, Counts, RateLimit, Worker
from hypothesis import given, settings
from hypothesis import strategies as st

TIMEOUT = 30.0


class Gate:
    """A handler that waits to be let through, and remembers what it was given."""

    def __init__(self):
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()
        self.batches = []

    def __call__(self, items):
        self.entered.release()
        assert self.open.wait(TIMEOUT)
        self.batches.append(list(items))


@pytest.fixture
def gate():
    return Gate()


def test_drop_never_waits_and_the_newest_win(gate):
    worker = Worker(gate, DROP, depth=3, batch=2)
    worker.start()
    worker.submit(0)
    assert gate.entered.acquire(timeout=TIMEOUT)  # 0 is being handled
    for item in range(1, 11):
        assert worker.submit(item)
    assert worker.counts == Counts(submitted=11, dropped=7)
    gate.open.set()
    worker.wait_idle()
    assert gate.batches == [[0], [8, 9], [10]]
    worker.stop()
    assert worker.counts == Counts(submitted=11, done=4, dropped=7)


def test_drop_discards_at_stop(gate):
    worker = Worker(gate, DROP, depth=4, batch=1)
    worker.start()
    worker.submit(0)
    assert gate.entered.acquire(timeout=TIMEOUT)
    worker.submit(1)
    worker.submit(2)
    stopper = threading.Thread(target=worker.stop)
    stopper.start()
    worker.cancel()  # returns when the queue is empty, whoever was first
    gate.open.set()
    stopper.join(TIMEOUT)
    assert gate.batches == [[0]]
    assert worker.counts == Counts(submitted=3, done=1, dropped=2)


def test_drop_with_grace_works_off_the_queue():
    seen = []
    worker = Worker(seen.extend, DROP, depth=8, grace_s=TIMEOUT)
    worker.start()
    for item in range(8):
        worker.submit(item)
    worker.stop()
    assert seen == list(range(8))


def test_block_makes_the_producer_wait(gate):
    worker = Worker(gate, BLOCK, depth=2, batch=1)
    worker.start()
    done = threading.Event()

    def produce():
        for item in range(6):
            worker.submit(item)
        done.set()

    producer = threading.Thread(target=produce)
    producer.start()
    assert gate.entered.acquire(timeout=TIMEOUT)
    assert not done.is_set()  # 1 is handled, 2 are queued: the fourth waits
    gate.open.set()
    producer.join(TIMEOUT)
    worker.stop()
    assert gate.batches == [[item] for item in range(6)]
    assert worker.counts == Counts(submitted=6, done=6)


def test_block_works_off_the_queue_at_stop(gate):
    worker = Worker(gate, BLOCK, depth=8, batch=8)
    for item in range(5):
        worker.submit(item)
    worker.start()
    gate.open.set()
    worker.stop()
    assert gate.batches == [[0, 1, 2, 3, 4]]
    assert worker.counts == Counts(submitted=5, done=5)


def test_cancel_frees_a_waiting_producer(gate):
    worker = Worker(gate, BLOCK, depth=1, batch=1)
    worker.start()
    worker.submit(0)
    assert gate.entered.acquire(timeout=TIMEOUT)
    worker.submit(1)
    results = []
    producer = threading.Thread(target=lambda: results.append(worker.submit(2)))
    producer.start()
    worker.cancel()
    producer.join(TIMEOUT)
    assert results == [False]
    gate.open.set()
    worker.stop()
    assert worker.counts == Counts(submitted=3, done=1, dropped=2)


def test_a_failing_handler_is_reported_once_and_work_goes_on():
    reported = []

    def fail_on_odd(items):
        if items[0] % 2:
            raise ArithmeticError(f"odd: {items[0]}")

    worker = Worker(fail_on_odd, BLOCK, depth=9, batch=1, on_error=reported.append)
    for item in range(7):
        worker.submit(item)
    worker.start()
    worker.wait_idle()
    assert worker.counts == Counts(submitted=7, done=4, failed=3)
    assert [str(error) for error in reported] == ["odd: 1"]
    assert worker.error is reported[0]
    worker.stop()


def test_a_handler_may_tell_which_items_failed():
    def fail_on_odd(items):
        return [ArithmeticError(f"odd: {item}") for item in items if item % 2]

    reported = []
    worker = Worker(fail_on_odd, BLOCK, depth=9, batch=9, on_error=reported.append)
    for item in range(7):
        worker.submit(item)
    worker.start()
    worker.stop()
    assert worker.counts == Counts(submitted=7, done=4, failed=3)
    assert [str(error) for error in reported] == ["odd: 1"]
    assert worker.error is reported[0]


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit, MemoryError])
def test_no_error_ends_the_thread(kind):
    """Nobody waits for ever, not even where the report of the error fails as well."""
    seen = []

    def handle(items):
        seen.extend(items)
        if items == [0]:
            raise kind

    def report(error):
        raise ArithmeticError

    worker = Worker(handle, BLOCK, depth=4, batch=1, on_error=report)
    worker.start()
    worker.submit(0)
    worker.wait_idle()
    worker.submit(1)
    worker.wait_idle()
    worker.stop()
    assert seen == [0, 1]
    assert worker.counts == Counts(submitted=2, done=1, failed=1)
    assert isinstance(worker.error, kind)


def test_stop_and_cancel_without_start():
    worker = Worker(lambda items: None, BLOCK, depth=4)
    worker.submit(1)
    worker.wait_idle()
    worker.stop()
    worker.cancel()
    assert worker.counts == Counts(submitted=1, dropped=1)
    assert not worker.submit(2)


def test_starts_again_after_stop():
    seen = []
    worker = Worker(seen.extend, BLOCK)
    for item in range(3):
        worker.start()
        worker.start()
        worker.submit(item)
        worker.stop()
    assert seen == [0, 1, 2]
    assert worker.counts == Counts(submitted=3, done=3)


@settings(max_examples=50)
@given(
    st.sampled_from([DROP, BLOCK]),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 60),
    st.booleans(),
)
def test_every_item_is_accounted_for(policy, depth, batch, n_items, cancel):
    seen = []

    def handle(items):
        assert 1 <= len(items) <= batch
        seen.extend(items)
        if items[-1] % 7 == 3:
            raise ValueError

    worker = Worker(handle, policy, depth, batch)
    worker.start()
    threads = [
        threading.Thread(target=lambda first=first: [worker.submit(first) for _ in range(n_items)])
        for first in (1, 2, 3)
    ]
    for thread in threads:
        thread.start()
    if cancel:
        worker.cancel()
    for thread in threads:
        thread.join(TIMEOUT)
    worker.stop()
    counts = worker.counts
    assert counts.submitted == 3 * n_items
    assert counts.submitted == counts.done + counts.failed + counts.dropped
    assert len(seen) == counts.done + counts.failed
    if policy == BLOCK and not cancel:
        assert counts.dropped == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"policy": "maybe"}, "policy: expected one of \\['drop', 'block'\\], got 'maybe'"),
        ({"depth": 0}, "depth: expected 1 or more, got 0"),
        ({"batch": 0}, "batch: expected 1 or more, got 0"),
    ],
)
def test_arguments_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        Worker(print, **arguments)


def test_rate_limit():
    times = [100.0, 101.0, 104.9, 105.0, 109.0, 200.0, 204.0]
    clock = iter(times)
    limit = RateLimit(5.0, lambda: next(clock))
    assert [limit.due() for _ in times] == [True, False, False, True, False, True, False]

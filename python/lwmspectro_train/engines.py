# SPDX-License-Identifier: GPL-3.0-or-later
"""Where chunks are made: in processes of this machine, or all over a Ray cluster.

An engine hands each worker the next chunk when it has finished one. What a chunk holds depends
on its number alone, so that the data are the same for any engine and any number of workers.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, cast

from . import chunks
from .chunk_maker import ChunkMaker
from .dataset_config import DatasetConfig

ENGINES = ("local", "ray")
_REPORT_EVERY = 4  # windows

OnWindows = Callable[[int], None]
OnChunk = Callable[[int, str], None]


@dataclass(frozen=True)
class Job:
    """Chunks to make.

    Attributes:
        config: of the data set.
        folder: where the files go.
        missing: numbers of the chunks.
        workers: processes, or actors.
        renderer: see ``chunk_maker.RENDERERS``.
        on_windows: called with the number of windows finished since the last call.
        on_chunk: called with each chunk that is on the disk, and its SHA-256.
    """

    config: DatasetConfig
    folder: Path
    missing: list[int]
    workers: int
    renderer: str
    on_windows: OnWindows
    on_chunk: OnChunk


def run(engine: str, job: Job) -> None:
    """Makes the chunks of a job.

    Raises:
        ValueError: there is no such engine, or it cannot be had.
        RuntimeError: a worker failed; the text says why.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine: expected one of {', '.join(ENGINES)}, got {engine!r}")
    if not job.missing:
        return
    if engine == "ray":
        from . import ray_engine

        ray_engine.run(job)
    else:
        _run_local(job)


def _run_local(job: Job) -> None:
    context = multiprocessing.get_context("spawn")
    tasks: Any = context.SimpleQueue()
    workers: list[tuple[SpawnProcess, connection.Connection]] = []
    for chunk in job.missing:
        tasks.put(chunk)
    count = min(job.workers, len(job.missing))
    for _ in range(count):
        tasks.put(None)
    try:
        for _ in range(count):
            receive, send = context.Pipe(duplex=False)
            arguments = (job.config, job.folder, job.renderer, tasks, send)
            process = context.Process(target=_work, args=arguments, daemon=True)
            process.start()
            send.close()
            workers.append((process, receive))
        _collect(job, [receive for _, receive in workers])
    finally:
        for process, _ in workers:
            process.terminate()
        for process, _ in workers:
            process.join()


def _collect(job: Job, pipes: list[connection.Connection]) -> None:
    """Passes on what workers report until each has said that it is done."""
    while pipes:
        for pipe in connection.wait(pipes):
            try:
                kind, *content = cast(connection.Connection, pipe).recv()
            except EOFError:
                raise RuntimeError(
                    "a worker ended without a word: killed, or out of memory?"
                ) from None
            if kind == "windows":
                job.on_windows(*content)
            elif kind == "chunk":
                job.on_chunk(*content)
            elif kind == "failed":
                raise RuntimeError(f"a worker failed: {content[0]}")
            else:
                pipes.remove(cast(connection.Connection, pipe))


def _work(
    config: DatasetConfig, folder: Path, renderer: str, tasks: Any, send: connection.Connection
) -> None:
    """A worker's life: one chunk after the other, with one renderer."""
    _end_with_parent()
    try:
        maker = ChunkMaker(config, renderer)
        report = _Batches(lambda n: send.send(("windows", n)))
        while (chunk := tasks.get()) is not None:
            digest = chunks.write(folder, chunk, maker.make(chunk, report.one))
            report.rest()
            send.send(("chunk", chunk, digest))
        maker.close()
        send.send(("done",))
    except BaseException as error:
        with contextlib.suppress(OSError):
            send.send(("failed", f"{type(error).__name__}: {error}"))


class _Batches:
    """Counts windows, and tells of several at once."""

    def __init__(self, tell: OnWindows) -> None:
        self._tell = tell
        self._count = 0

    def one(self) -> None:
        """Another one is finished."""
        self._count += 1
        if self._count >= _REPORT_EVERY:
            self.rest()

    def rest(self) -> None:
        """Tells of those that are left."""
        if self._count:
            self._tell(self._count)
        self._count = 0


def _end_with_parent() -> None:
    """Ends this process when the one that started it is killed, which cannot end it itself."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def watch() -> None:
        connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()

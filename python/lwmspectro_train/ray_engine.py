# SPDX-License-Identifier: GPL-3.0-or-later
"""Chunks made by the actors of a Ray cluster.

Nodes need this package and the kernels, but no common file system: actors return the bytes of
chunks and the driver writes them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from . import chunks
from .chunk_maker import ChunkMaker
from .engines import Job


def run(job: Job) -> None:
    """Makes the chunks of a job on the cluster that ``RAY_ADDRESS`` names, or on a local one.

    Raises:
        ValueError: Ray is not installed.
        RuntimeError: an actor failed.
    """
    try:
        import ray
    except ImportError:
        raise ValueError(
            "engine ray: expected the Python package ray, found none: "
            "pip install -c constraints.txt -r requirements/ray.txt"
        ) from None
    started = not ray.is_initialized()
    if started:
        _connect(ray, job.workers)
    try:
        _spread(ray, job)
    except ray.exceptions.RayError as error:
        raise RuntimeError(f"a worker failed: {_cause(error)}") from None
    finally:
        if started:
            ray.shutdown()


def _connect(ray: Any, workers: int) -> None:
    options: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False}
    if not os.environ.get("RAY_ADDRESS"):
        options["num_cpus"] = workers
    # the command's launcher finds this package without PYTHONPATH; actors have no launcher
    here = str(Path(__file__).resolve().parents[1])
    given = [path for path in [os.environ.get("PYTHONPATH")] if path]
    environment = {"PYTHONPATH": os.pathsep.join([here, *given])}
    ray.init(runtime_env={"env_vars": environment}, logging_level="ERROR", **options)


def _spread(ray: Any, job: Job) -> None:
    actor = ray.remote(num_cpus=1)(ChunkMaker)
    # more actors than cores would wait for ever, with a chunk each
    cores = max(1, int(ray.cluster_resources().get("CPU", 1)))
    left = list(job.missing)
    running = {}
    for _ in range(min(job.workers, cores, len(left))):
        maker = actor.remote(job.config, job.renderer)
        chunk = left.pop(0)
        running[maker.make.remote(chunk)] = (maker, chunk)
    while running:
        done, _ = ray.wait(list(running), num_returns=1)
        for reference in done:
            maker, chunk = running.pop(reference)
            content = ray.get(reference)
            if left:
                following = left.pop(0)
                running[maker.make.remote(following)] = (maker, following)
            else:
                ray.kill(maker)  # its core is free for another one that waits
            digest = chunks.write(job.folder, chunk, content)
            size = job.config.chunk_windows
            job.on_windows(min(size, job.config.windows - chunk * size))
            job.on_chunk(chunk, digest)


def _cause(error: Exception) -> str:
    cause = getattr(error, "cause", None) or error
    return f"{type(cause).__name__}: {cause}".splitlines()[0]

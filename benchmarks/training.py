# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows a second while training an expert, of one thread's CPU time, ways interleaved.

    python benchmarks/training.py --config live --protocol nr

Pretraining over visible tokens alone against all tokens, fine-tuning, in float32 and bfloat16.
Tokens are random: what is measured does not depend on them.
"""

import argparse
import dataclasses
import statistics
import time
from collections.abc import Callable

import torch
from lwmspectro_train.lwm import answers, config
from lwmspectro_train.lwm.config import Model
from lwmspectro_train.lwm.expert import Expert
from lwmspectro_train.lwm.objective import total
from lwmspectro_train.stages.batch import LIKENESS, Batch, random_numbers
from lwmspectro_train.stages.config import Experts, load
from lwmspectro_train.stages.tasks import FineTune, Pretraining, Task
from lwmspectro_train.stages.world import Alone

BINS, MODULATIONS = len(config.SNR_BINS_DB), len(config.MODULATIONS)


def batch_of(model: Model, windows: int) -> Batch:
    """Random windows."""
    shapes = {config.SPECTROGRAM: (128, 128), config.CORRELOGRAM: (9, 128)}
    views = {
        s.column: torch.randn(
            windows, *shapes.get(s.column, (len(s.planes), 128, 128)), dtype=torch.float16
        ).float()
        for s in model.sources
    }
    labels = {name: torch.randint(0, n, (windows,)) for name, n in answers.CLASSES.items()}
    labels[answers.SNR] = 30.0 * torch.rand(windows)
    labels[LIKENESS] = torch.randint(0, BINS * MODULATIONS, (windows,))
    return Batch(views, labels, torch.rand(windows, random_numbers(model)))


def stepper(task: Task, batch: Batch, low_precision: bool) -> Callable[[], None]:
    """One step of training."""
    adam = torch.optim.AdamW([p for p in task.parameters() if p.requires_grad])
    task.train()

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=low_precision):
            terms, _ = task(batch, Alone())
        adam.zero_grad()
        total(terms, task.weights).backward()
        adam.step()

    step()
    return step


def ways(made: Experts, model: Model, windows: int) -> dict[str, Callable[[], None]]:
    """What is measured, by name."""
    batch, found = batch_of(model, windows), {}
    for name, low in (("float32", False), ("bfloat16", True)):
        for only in (True, False):
            expert = Expert(dataclasses.replace(model, visible_only=only))
            task = Pretraining(expert, made.pretrain.augmentation)
            tokens = "visible" if only else "all"
            found[f"pretrain, {tokens} tokens, {name}"] = stepper(task, batch, low)
        found[f"finetune, {name}"] = stepper(FineTune(Expert(model), made.finetune), batch, low)
    return found


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", default="live")
    parser.add_argument("--protocol", default="nr")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    made = load(args.config)
    steps = ways(made, made.expert(args.protocol), args.batch)
    took: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(args.repeat):
        for name, step in steps.items():
            start = time.process_time()
            step()
            took[name].append(time.process_time() - start)
    for name, times in took.items():
        print(f"{name:36} {args.batch / statistics.median(times):7.1f} windows/s")


if __name__ == "__main__":
    main()

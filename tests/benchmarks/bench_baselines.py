"""Print what each baseline costs: milliseconds for a sample and step, and hours for leaving one subject out.

Run ``python tests/benchmarks/bench_baselines.py [rcn mmnet ...] [--steps 10] [--largest-batch 4]``. A step is forward
pass, loss, backward pass and the recipe's optimiser at the published size and batch, on random inputs and one thread;
a first step is not counted. Time is the processor's, which other programs on the machine disturb less than the
clock's. Preprocessing, augmentation and scoring are left out. Hours are for the 442 clips of MEGC2019 with each of 68
people left out in turn, one thread: each clip trains in 67 folds, so an epoch of all folds is 29,614 sample-steps,
times the recipe's epochs. ``--csv results/reference/baseline_hours.csv`` writes the table that notebook 09 prints.
"""

from __future__ import annotations

import argparse
import csv
import gc
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from merlib.learning.recipes import get_recipe
from merlib.learning.store.provenance import processor
from merlib.publishing.tables.training_hours import step_seconds

CLASSES = 3
HEADINGS = ("network", "input", "batch", "epochs", "ms a sample and step", "hours")
CLIPS, FOLDS = 442, 68
SAMPLE_STEPS = CLIPS * (FOLDS - 1)  # of one epoch of all folds


@dataclass(frozen=True)
class Published:
    """A network as published: its options and what one row of its input looks like."""

    model: str
    inputs: Mapping[str, tuple[int, ...]]
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def label(self) -> str:
        words = [f"{name} {value}" for name, value in self.options.items()]
        return " ".join([self.model, *words])


MAPS, BENCHMARK_MAPS = {"flow": (3, 28, 28)}, {"flow": (3, 60, 60)}
PUBLISHED = [
    Published("astnet", {"flow_sequence": (2, 3, 28, 28)}, {"width": 16, "steps": 2}),
    Published("off_apexnet", MAPS),
    Published("dual_inception", MAPS),
    Published("resnet18", MAPS, {"size": 112}),
    Published("resnet18", MAPS, {"size": 28}),
    *(Published("rcn", maps, {"variant": v}) for v in "awcf" for maps in (BENCHMARK_MAPS, MAPS)),
    Published("capsulenet", {"apex": (3, 224, 224)}),
    Published("mmnet", {"onset_apex": (2, 3, 224, 224)}),
    Published("htnet", MAPS),
    Published("microexpstcnn", {"frames": (18, 3, 64, 64)}),
]


def measured(network: Published, steps: int, largest_batch: int) -> tuple[float, int]:
    """Return the median processor seconds of a training step for one sample, and the rows of the batch measured."""
    recipe = get_recipe(network.model)
    rows = min(recipe.batch_size, largest_batch)
    how = {"options": network.options, "clock": time.process_time}
    return step_seconds(network.model, network.inputs, recipe, CLASSES, rows, steps, **how), rows


def main() -> None:
    """Measure the networks asked for and print a row as soon as each is done."""
    names = sorted({network.model for network in PUBLISHED})
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help=f"any of {', '.join(names)}")
    parser.add_argument("--steps", type=int, default=10, help="steps that are timed")
    parser.add_argument("--largest-batch", type=int, default=64, help="rows a step at most, for little memory")
    parser.add_argument("--csv", type=Path, help="also write the rows to this file, with the processor's name")
    chosen = parser.parse_args()
    for name in chosen.models:
        if name not in names:
            parser.error(f"unknown model {name}: any of {', '.join(names)}")
    torch.set_num_threads(1)
    table = Table(title=f"{processor()}, one thread, torch {torch.__version__}, median of {chosen.steps} steps")
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading in ("network", "input") else "right")
    rows_written = []
    for network in PUBLISHED:
        if chosen.models and network.model not in chosen.models:
            continue
        seconds, rows = measured(network, chosen.steps, chosen.largest_batch)
        epochs = get_recipe(network.model).epochs
        shape = ", ".join(f"{name} {'x'.join(map(str, each))}" for name, each in network.inputs.items())
        hours = SAMPLE_STEPS * epochs * seconds / 3600
        cells = (network.label, shape, str(rows), str(epochs), f"{1e3 * seconds:.3g}", f"{hours:.3g}")
        table.add_row(*cells)
        rows_written.append((*cells, network.model, processor(), torch.__version__))
        gc.collect()
    Console(width=120).print(table)
    if chosen.csv:
        with chosen.csv.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([(*HEADINGS, "model", "processor", "torch"), *rows_written])


if __name__ == "__main__":
    main()

"""What are the sums in registers worth? One fold of a network with and without `blocked`, as a ratio in one run.

    python tests/benchmarks/bench_blocked.py [MODEL ...] [--epochs N] [--repeats N]

Both sides train the same fold of the SYNTHETIC twin's 442 clips from start to end (data, forward, backward, Adam) by
the paper's recipe cut to a few epochs, on one thread and in turns. Time is the processor's. Without `blocked` the
loops of `convolution` take its place, as on a processor that lacks vectors of 512 bits.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from statistics import median

import torch

from merlib.clips.puzzle import with_puzzle
from merlib.datasets import open_samples
from merlib.learning import Experiment, make_folds
from merlib.learning.fast import inception
from merlib.learning.store.provenance import processor
from merlib.learning.training.loop import train_fold
from merlib.profiles import get_profile


def timed(model: str, epochs: int, repeats: int) -> dict[str, list[float]]:
    """Return the processor seconds of one fold, with and without, in `repeats` turns."""
    samples = open_samples("megc2019-flow", data={})
    samples = with_puzzle(samples) if model == "dual_atme" else samples
    experiment = Experiment.for_profile(model, get_profile("paper"))
    experiment = replace(experiment, recipe=replace(experiment.recipe, epochs=epochs))
    fold = make_folds(experiment.protocol, samples)[0]
    fits = inception.blocked.fits
    sides = {"with": fits, "without": lambda width, n: False}
    took: dict[str, list[float]] = {side: [] for side in sides}
    for turn in range(repeats + 1):
        for side, chosen in sides.items():
            inception.blocked.fits = chosen
            begun = time.process_time()
            train_fold(experiment, samples, fold, 0)
            if turn:  # the first turn compiles the loops
                took[side].append(time.process_time() - begun)
    inception.blocked.fits = fits
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=["am3f_flownet", "dual_atme"], metavar="MODEL")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    print(processor())
    for model in asked.models:
        took = timed(model, asked.epochs, asked.repeats)
        ratios = [without / blocked for blocked, without in zip(took["with"], took["without"], strict=True)]
        print(
            f"{model}: {median(took['without']):.2f} s without, {median(took['with']):.2f} s with; "
            f"ratio {median(ratios):.3f}, {min(ratios):.3f} to {max(ratios):.3f}"
        )


if __name__ == "__main__":
    main()

"""How much faster than a plain loop is the engine? One run, both sides, each paper's own recipe, as a ratio.

    python tests/benchmarks/bench_loso.py [MODEL ...] [--epochs N] [--folds N] [--repeats N]
                                           [--workers N] [--device cuda]

The plain loop is what a careful first script looks like: one fold after another, eager PyTorch with its default
threads, contiguous tensors, Adam as it comes. Both sides train the same folds of the SYNTHETIC twin's 442 clips for
the same epochs with the same batch size, augmentation, loss and normalisation; only the recipe's number of epochs is
cut short. A shared machine changes its pace from minute to minute, so both sides take turns `--repeats` times: medians
are printed, and the ratio's lowest and highest. With ``--device cuda`` the plain loop runs on the card too,
over `--folds` folds, and the engine trains all 68 as one program: what is compared is time a sample and step.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from statistics import median

import torch
from joblib import cpu_count

from merlib.clips.puzzle import with_puzzle
from merlib.datasets import open_samples
from merlib.learning import Experiment, engine, make_folds
from merlib.learning.losses import bind_loss, class_prior
from merlib.learning.store.fold_store import FoldStore
from merlib.learning.store.provenance import processor
from merlib.learning.training.augmentation import augment_inputs
from merlib.learning.training.loop import as_tensors, batches, logits_of, needed_inputs, score
from merlib.learning.training.normaliser import Normaliser
from merlib.models import build_model
from merlib.profiles import get_profile

EPOCHS = {"am3f_flownet": 2, "dual_atme": 5, "ststnet": 60}


def plain_fold(experiment, samples, fold, device="cpu") -> None:
    """Train one fold as a first script would, and score its test rows."""
    recipe, classes = experiment.recipe, len(samples.classes)
    torch.manual_seed(0)
    random = torch.Generator().manual_seed(0)
    model = build_model(experiment.model, classes=classes, **experiment.options).to(device)
    samples = needed_inputs(model, samples)
    train, labels = as_tensors(samples, fold.train), torch.from_numpy(samples.labels[fold.train])
    normalise, loss_of = Normaliser(recipe.normalisation, train), bind_loss(recipe.loss, recipe.loss_options)
    prior = class_prior(labels, classes).to(device)
    settings = {"lr": recipe.learning_rate, "betas": recipe.betas, "weight_decay": recipe.weight_decay}
    optimiser = torch.optim.Adam(model.parameters(), **settings)
    for _ in range(recipe.epochs):
        model.train()
        order = torch.randperm(len(labels), generator=random) if recipe.shuffle else torch.arange(len(labels))
        for rows in batches(order, recipe.batch_size):
            inputs = {name: values[rows] for name, values in train.items()}
            inputs = normalise(augment_inputs(inputs, recipe.augmentation, samples.unit, random))
            truth = labels[rows].to(device)
            outputs = model({name: values.to(device) for name, values in inputs.items()})
            loss = loss_of(logits_of(outputs), truth, prior).mean()
            if recipe.auxiliary_weight:
                loss = loss + recipe.auxiliary_weight * model.auxiliary_loss(outputs, truth).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    score(model, normalise(as_tensors(samples, fold.test)), device)


def plain_seconds(experiment, samples, folds, device) -> float:
    """Wall time of the plain loop over `folds`."""
    start = time.perf_counter()
    for fold in folds:
        plain_fold(experiment, samples, fold, device)
    return time.perf_counter() - start


def engine_seconds(experiment, samples, folds, workers: int, device) -> float:
    """Wall time of the engine over the same folds, with an empty store; its processes are running before."""
    every = engine.make_folds
    engine.make_folds = lambda protocol, rows: folds
    try:
        with tempfile.TemporaryDirectory() as folder:
            warm = replace(experiment, recipe=replace(experiment.recipe, epochs=1))
            engine.run(warm, samples, FoldStore(f"{folder}/warm"), workers, device, references=False)
            start = time.perf_counter()
            engine.run(experiment, samples, FoldStore(f"{folder}/timed"), workers, device, references=False)
            return time.perf_counter() - start
    finally:
        engine.make_folds = every


def main() -> None:
    """Print plain loop, engine and their ratio for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=list(EPOCHS), help="am3f_flownet, dual_atme, ststnet")
    parser.add_argument("--epochs", type=int, help="epochs of each fold (default: a few, by model)")
    parser.add_argument("--folds", type=int, default=4, help="how many of the 68 folds")
    parser.add_argument("--repeats", type=int, default=3, help="turns of each side")
    parser.add_argument("--workers", type=int, default=cpu_count(), help="processes of the engine")
    parser.add_argument("--device", default="cpu", help="cpu, or cuda")
    chosen = parser.parse_args()
    samples = with_puzzle(open_samples("megc2019-flow", {}))
    every = make_folds("loso", samples)
    folds = every[: chosen.folds]
    ours_folds = folds if chosen.device == "cpu" else every
    how = chosen.workers, chosen.device
    print(f"{processor()}, {cpu_count()} cores, torch {torch.__version__}, {torch.get_num_threads()} threads")
    print(f"ms a sample and step on {chosen.device}, {len(folds)} folds, ours {len(ours_folds)}")
    print(f"{'model':14} {'batch':>5} {'plain':>9} {'ours':>9} {'ratio':>6}  lowest to highest")
    for model in chosen.models:
        experiment = Experiment.for_profile(model, get_profile("paper"))
        epochs = chosen.epochs or EPOCHS[model]
        experiment = replace(experiment, seeds=(0,), recipe=replace(experiment.recipe, epochs=epochs))
        steps, our_steps = (epochs * sum(len(fold.train) for fold in those) for those in (folds, ours_folds))
        turns = []
        for _ in range(chosen.repeats):
            plain = plain_seconds(experiment, samples, folds, chosen.device) / steps
            turns.append((plain, engine_seconds(experiment, samples, ours_folds, *how) / our_steps))
        plain, ours = (1e3 * median(side) for side in zip(*turns, strict=True))
        ratios = [one / other for one, other in turns]
        each = f"{experiment.recipe.batch_size:5d} {plain:9.3f} {ours:9.3f} {median(ratios):6.2f}"
        print(f"{model:14} {each}  {min(ratios):.2f} to {max(ratios):.2f}", flush=True)


if __name__ == "__main__":
    main()

"""Train folds again and compare them with committed predictions, clip by clip.

A fold is trained by the same code as every fold, with the experiment, protocol, seed and samples that the reference
names. The new predictions have the same scores except for rounding (``identical``), the same classes with slightly
different scores (``same class``), or they differ (``differs``), which does not happen with honest predictions of
unchanged code.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.learning.experiment import Experiment
from merlib.learning.folds import Fold, make_folds
from merlib.learning.store.fold_store import FoldStore, entry_key
from merlib.learning.store.provenance import trained_by, trainers_of
from merlib.learning.store.references import source_unchanged
from merlib.learning.store.training_code import training_code
from merlib.learning.workers.tasks import Task, Work, train_task
from merlib.models import build_model
from merlib.models.registry import model_factory
from merlib.publishing.verify.finding import Finding

CLIP = ["dataset", "subject", "clip"]
SAME_SCORES = 1e-4  # processors and versions round differently, and these differences add up in training
NEARLY = 0.02  # largest gap of a score (0 to 1) that still counts as the same training
VERDICTS = ("identical", "same class", "differs")


@dataclass(frozen=True)
class Committed:
    """One reference: its path below ``results/reference``, its rows and its provenance."""

    name: str
    rows: pd.DataFrame
    meta: Mapping[str, object]

    @property
    def experiment(self) -> Experiment:
        """The experiment that was trained."""
        return Experiment.from_dict(self.meta["experiment"])

    @property
    def tasks(self) -> list[tuple[str, int]]:
        """Every fold and seed in its rows."""
        return list(dict.fromkeys(self.rows[["fold", "seed"]].itertuples(index=False, name=None)))

    @property
    def seconds(self) -> float:
        """Mean training time of one of its folds, in seconds."""
        return float(self.meta["train_seconds"]) / max(1, len(self.tasks))


class Retrained(NamedTuple):
    """The comparison of one fold trained again with the committed rows.

    `clips` is the number of test clips, `other_classes` how many of them get another class, `largest_gap` the largest
    difference of a score (0 to 1), `verdict` one of `VERDICTS`, and `said` a sentence.
    """

    reference: str
    fold: str
    seed: int
    clips: int
    other_classes: int
    largest_gap: float
    verdict: str
    said: str


def why_not(reference: Committed, samples: Samples | None) -> str:
    """Return why folds of a reference cannot be trained again here; empty when they can."""
    device = str(reference.meta.get("device", "cpu"))
    if device != "cpu":
        return f"trained on {device} with all folds as one program, whose random stream no single fold has"
    if reference.experiment.start:
        return "it starts from pretrained weights, which are not committed"
    if samples is None:
        return f"{reference.meta['data']} is not here"
    if samples.digest != reference.meta["samples_digest"]:
        return f"these samples of {samples.name} are {samples.digest[:12]}, not {reference.meta['samples_digest'][:12]}"
    return ""


def retrain(reference: Committed, samples: Samples, fold: Fold, seed: int, store: FoldStore) -> pd.DataFrame:
    """Train one fold of a reference again and return its rows.

    Parameters
    ----------
    reference : Committed
        The reference whose experiment is trained.
    samples : Samples
        The rows that it was trained on.
    fold, seed
        The fold, and the seed that it is trained from.
    store : FoldStore
        A store that holds only folds trained for verification. An interrupted verification continues from it, and no
        other training reads it.
    """
    experiment = reference.experiment
    source = training_code(experiment.model, bool(experiment.start))
    key = entry_key(experiment.training_digest, fold.digest, seed, samples.kept_as, source)
    task = Task(fold, seed, key)
    network = is_network(experiment, len(samples.classes))
    work = Work(experiment, samples, store, source, model_factory(experiment.model), network, "cpu")
    found = work.load(task)
    if found is None:
        store.check_writable()
        train_task(task, work, "")
        found = work.load(task)
    return found[0]


def is_network(experiment: Experiment, classes: int) -> bool:
    """Return whether an experiment's model is a network, trained by epochs, and not an estimator."""
    from torch import nn

    return isinstance(build_model(experiment.model, classes=classes, **experiment.options), nn.Module)


def compare_rows(committed: pd.DataFrame, again: pd.DataFrame) -> tuple[int, float, str, str]:
    """Compare predictions of the same clips.

    Scores are compared as shares that sum to one (`_shares`), so that logits and probabilities are treated alike.

    Returns
    -------
    other_classes : int
        How many clips get another class.
    largest_gap : float
        Largest difference of a score, 0 to 1; NaN where the rows cannot be compared.
    verdict : str
        One of `VERDICTS`.
    said : str
        A sentence.
    """
    one, other = (frame.set_index(CLIP).sort_index() for frame in (committed, again))
    if not one.index.equals(other.index):
        missing, more = len(other.index.difference(one.index)), len(one.index.difference(other.index))
        doubled = len(one) - one.index.nunique()
        said = f"the committed rows lack {missing} clips of the fold, have {more} others and {doubled} twice"
        return max(missing, more, doubled), float("nan"), "differs", said
    if (one["label"] != other["label"]).any():
        count = int((one["label"] != other["label"]).sum())
        return count, float("nan"), "differs", f"{count} of {len(one)} committed labels are not those of the samples"
    scores = [name for name in again if name.startswith("score_")]
    if [name for name in committed if name.startswith("score_")] != scores:
        return len(one), float("nan"), "differs", "the committed scores are of other classes"
    classes = int((one["prediction"] != other["prediction"]).sum())
    gap = float(np.abs(_shares(one[scores].to_numpy()) - _shares(other[scores].to_numpy())).max())
    if classes:
        return classes, gap, "differs", f"{classes} of {len(one)} clips get another class"
    if gap <= SAME_SCORES:
        return 0, gap, "identical", f"all {len(one)} classes, scores within {gap:.1g}"
    if gap <= NEARLY:
        return 0, gap, "same class", f"all {len(one)} classes, scores within {gap:.1g}"
    return 0, gap, "differs", f"the same {len(one)} classes, but scores up to {gap:.2g} apart: another training"


def _shares(scores: np.ndarray) -> np.ndarray:
    """Return scores as shares: unchanged if they are not negative and sum to one, else their softmax."""
    scores = scores.astype(float)
    if (scores >= -1e-6).all() and np.allclose(scores.sum(1), 1, atol=1e-3):
        return scores
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def verify_fold(reference: Committed, samples: Samples, fold: str, seed: int, store: FoldStore) -> Retrained:
    """Train one fold again by the protocol that the reference names, and compare.

    Raises
    ------
    MerlibError
        When the protocol makes no fold of that name; the message lists its folds.
    """
    folds = {one.name: one for one in make_folds(reference.experiment.protocol, samples)}
    if fold not in folds:
        raise MerlibError(f"no fold {fold!r} in {reference.name}.", f"one of {', '.join(folds)}.", "correct the name.")
    again = retrain(reference, samples, folds[fold], seed, store)
    committed = reference.rows[(reference.rows["fold"] == fold) & (reference.rows["seed"] == seed)]
    found = compare_rows(committed, again)
    return Retrained(reference.name, fold, seed, len(again), *found)


class Chosen(NamedTuple):
    """A fold to be trained again."""

    reference: Committed
    fold: str
    seed: int


def choose_folds(references: Sequence[Committed], fold: str = "", sample: int = 0, draw: int = 0) -> list[Chosen]:
    """Return all folds with a given name, or `sample` folds drawn at random; the cheapest come first.

    Parameters
    ----------
    references : sequence of Committed
        The references whose folds are chosen.
    fold : str
        Name of a fold, such as ``casme2-sub17``; empty to draw at random.
    sample, draw : int
        How many folds are drawn, and the seed of the draw, which makes it repeatable. A reference is drawn first, then
        one of its folds, so that references with many folds are not drawn more often than others.

    Raises
    ------
    MerlibError
        When no reference has a fold of that name.
    """
    if fold:
        chosen = [Chosen(one, *task) for one in references for task in one.tasks if task[0] == fold]
        if not chosen:
            known = list(dict.fromkeys(name for one in references for name, _ in one.tasks))
            found = f"no fold {fold!r} in the references at hand."
            raise MerlibError(found, f"one of {', '.join(known[:6])}, ... ({len(known)}).", "correct the name.")
    else:
        chance, pool = random.Random(draw), {one.name: (one, list(one.tasks)) for one in references}
        chosen = []
        while pool and len(chosen) < sample:
            one, left = pool[chance.choice(sorted(pool))]
            chosen.append(Chosen(one, *left.pop(chance.randrange(len(left)))))
            if not left:
                del pool[one.name]
    return sorted(chosen, key=lambda each: (each.reference.seconds, each.reference.name, each.fold, each.seed))


def verify_folds(
    chosen: Sequence[Chosen],
    samples_of: Callable[[Committed], Samples],
    store: Path,
    told: Callable[[int, Chosen], None] = lambda number, each: None,
) -> list[Retrained]:
    """Train chosen folds again and compare each with the committed predictions.

    Parameters
    ----------
    chosen : sequence of Chosen
        From `choose_folds`.
    samples_of : callable
        Opens the samples of a reference.
    store : Path
        Folder of the store of folds trained for verification.
    told : callable
        Called before each fold is trained, with its number (from 1) and the fold.
    """
    found, folds = [], FoldStore(store)
    for number, each in enumerate(chosen, 1):
        told(number, each)
        found.append(verify_fold(each.reference, samples_of(each.reference), each.fold, each.seed, folds))
    return found


def fold_finding(found: Retrained, reference: Committed) -> Finding:
    """Return the finding on a reference that follows from one fold trained again.

    If the code has not changed since, a fold that ``differs`` is red. So is one of the ``same class`` that was trained
    on the same kind of processor with the same torch, since nothing could then round differently. If the code has
    changed, a false reference cannot be distinguished from the effect of that change: the finding is open, and names
    the code to train with.
    """
    finding = Finding(f"{found.reference}: {found.fold}, seed {found.seed}", "fold")
    unchanged, alike = source_unchanged(reference.meta), _trained_like_here(reference)
    if found.verdict == "identical" or (found.verdict == "same class" and not (unchanged and alike)):
        finding.agreed.append(f"{found.verdict}: {found.said}")
    elif unchanged:
        where = "on this kind of processor too" if alike else f"on {reference.meta.get('processor', 'unknown')}"
        finding.wrong.append(f"{found.verdict}: {found.said} (the same code trained it, {where})")
    else:
        commit = reference.meta.get("commit") or "not noted"
        code = str(reference.meta.get("source_digest", ""))[:12]
        said = f"differs: {found.said}; code {code} trained it, which has changed since (commit {commit})"
        finding.open.append(said)
    return finding


def _trained_like_here(reference: Committed) -> bool:
    here = trained_by("cpu")
    kinds = [
        {name: one.get(name) for name in ("processor", "device", "torch")} for one in trainers_of(dict(reference.meta))
    ]
    return all(kind == {name: here[name] for name in kind} for kind in kinds)

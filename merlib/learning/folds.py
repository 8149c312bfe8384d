"""Folds that keep each subject on one side of a split, and the guard that checks this.

The protocols are ``loso`` (leave one subject out) and ``groupkfold:K`` (K folds of whole subjects). Two more are LEAKY
and exist only to measure what leakage does: ``clipkfold:K:SEED`` deals whole clips at random, so that a subject can be
on both sides; ``framekfold:K:SEED``, for rows that are frames, deals frames at random, so that even a clip can be
(LARNET-E6).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import GroupKFold, KFold

from merlib.clips.frame_rows import MARK, clip_of
from merlib.clips.samples import Samples
from merlib.errors import MerlibError

PROTOCOLS = ("loso", "groupkfold:K", "clipkfold:K:SEED", "framekfold:K:SEED")
LEAKY = {"clipkfold": "subjects", "framekfold": "subjects and clips"}  # what sits on both sides


@dataclass(frozen=True)
class Fold:
    """One split: its name and the rows of the samples on either side (sorted int arrays)."""

    name: str
    train: np.ndarray
    test: np.ndarray

    @property
    def digest(self) -> str:
        """SHA-256 of name and rows."""
        sha = hashlib.sha256(self.name.encode())
        sha.update(np.asarray(self.train, np.int64).tobytes() + b"|" + np.asarray(self.test, np.int64).tobytes())
        return sha.hexdigest()


class RestFold(Fold):
    """A fold that trains on every row that it does not test.

    It stores its test rows only; the training rows are computed when they are asked for. If they were stored, the folds
    of leave-one-subject-out would hold people x clips row numbers: 762 MB for 2,000 people and 50,000 clips.

    Parameters
    ----------
    name : str
        Name of the fold.
    test : int array
        Its test rows, sorted.
    rows : int
        How many rows the samples have.
    """

    def __init__(self, name: str, test: np.ndarray, rows: int):
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "test", test)
        object.__setattr__(self, "rows", rows)

    @property
    def train(self) -> np.ndarray:
        """The rows that are not tested, sorted; a new array at each call."""
        kept = np.ones(self.rows, dtype=bool)
        kept[self.test] = False
        return np.flatnonzero(kept)


def parse_protocol(protocol: str) -> tuple[str, tuple[int, ...]]:
    """Split a protocol's name into its kind and its numbers; anything else is an error."""
    kind, *numbers = protocol.split(":")
    lengths = {"loso": 0, "groupkfold": 1, "clipkfold": 2, "framekfold": 2}
    if lengths.get(kind) != len(numbers) or not all(n.isascii() and n.isdigit() for n in numbers):
        raise MerlibError(f"protocol {protocol!r}.", f"one of {', '.join(PROTOCOLS)}.", "e.g. groupkfold:10.")
    return kind, tuple(int(n) for n in numbers)


def shares_subjects(protocol: str) -> bool:
    """Return whether a protocol lets a subject be on both sides of a split."""
    return bool(shared_by(protocol))


def shared_by(protocol: str) -> str:
    """Return in words what a leaky protocol puts on both sides of a split; empty for an honest protocol."""
    return LEAKY.get(parse_protocol(protocol)[0], "")


def check_disjoint(folds: Sequence[Fold], groups: np.ndarray) -> None:
    """Check that no subject is on both sides of a fold, and that every row is tested once.

    Parameters
    ----------
    folds : sequence of Fold
        All folds of a protocol.
    groups : str array (N,)
        ``dataset/subject`` of each row.

    Raises
    ------
    MerlibError
        When a subject is on both sides of a fold, or a row is tested twice or never.
    """
    names, people, clips = np.unique(groups, return_inverse=True, return_counts=True)
    for fold in folds:
        tested, count = np.unique(people[fold.test], return_counts=True)
        if isinstance(fold, RestFold) and len(np.unique(fold.test)) == len(fold.test):
            both = tested[count < clips[tested]]  # the other clips of such a person are training rows of this fold
        else:
            both = np.intersect1d(people[fold.train], tested)
        if both.size:
            raise MerlibError(
                f"fold {fold.name}: subject {names[both[0]]} is in training and test.",
                "each subject on one side of a split.",
                "split by Samples.groups.",
            )
    _check_cover(folds, len(groups))


def _check_cover(folds: Sequence[Fold], n: int) -> None:
    tested = np.bincount(np.concatenate([fold.test for fold in folds]), minlength=n)
    if (tested != 1).any():
        row = int(np.flatnonzero(tested != 1)[0])
        raise MerlibError(f"row {row} is tested {tested[row]} times.", "each row tested once.", "check the splitter.")


def make_folds(protocol: str, samples: Samples) -> list[Fold]:
    """Split `samples` by a protocol and check the split.

    Raises
    ------
    MerlibError
        When the protocol is unknown, there are fewer than two folds or fewer subjects than folds, or the guard
        finds a shared subject.
    """
    kind, numbers = parse_protocol(protocol)
    groups, n = samples.groups, len(samples)
    clips = _clip_numbers(samples)
    subjects, clip_count = len(np.unique(groups)), int(clips.max()) + 1 if n else 0
    if kind == "framekfold" and clip_count == n:
        raise MerlibError(
            f"{protocol} on {samples.name}, whose rows are clips.",
            f"rows that are frames, named CLIP{MARK}NUMBER.",
            "use as_frames(samples), or clipkfold.",
        )
    most = {"clipkfold": clip_count, "framekfold": n}.get(kind, subjects)
    count = numbers[0] if numbers else subjects
    if not 2 <= count <= most:
        raise MerlibError(
            f"{protocol} makes {count} folds of {subjects} subjects and {clip_count} clips.",
            f"2 folds at least, {most} at most.",
            "use another number of folds, or more subjects.",
        )
    if kind == "loso":
        tests = list(_rows_of_each(groups))
        names = [groups[test[0]].replace("/", "-") for test in tests]
    elif kind == "groupkfold":
        tests = [test for _, test in GroupKFold(numbers[0]).split(np.zeros(n), groups=groups)]
        names = [f"fold{i:02d}" for i in range(len(tests))]
    else:
        dealt = np.arange(n) if kind == "framekfold" else clips
        deal = KFold(numbers[0], shuffle=True, random_state=numbers[1]).split(np.zeros(most))
        tests = [np.flatnonzero(np.isin(dealt, side)) for _, side in deal]
        names = [f"{kind.removesuffix('kfold')}s{i:02d}" for i in range(len(tests))]
    folds = [RestFold(name, test, n) for name, test in zip(names, tests, strict=True)]
    if shares_subjects(protocol):
        _check_cover(folds, n)
    else:
        check_disjoint(folds, groups)
    return folds


def _rows_of_each(groups: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the rows of each person, sorted, in the order in which scikit-learn's LeaveOneGroupOut leaves them out."""
    names, people = np.unique(groups, return_inverse=True)
    order = np.argsort(people, kind="stable")
    yield from np.split(order, np.searchsorted(people[order], np.arange(1, len(names))))


def _clip_numbers(samples: Samples) -> np.ndarray:
    """Number the clip of each row, in the order in which clips first appear."""
    keys = np.char.add(np.char.add(samples.groups, "/"), clip_of(samples.clips))
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]

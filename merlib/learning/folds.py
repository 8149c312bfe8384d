"""Subject-disjoint folds, and the guard that proves it.

Protocols by name: ``loso`` (leave one subject out), ``groupkfold:K`` (K folds of whole subjects) and, only to
show what it costs, ``clipkfold:K:SEED`` (clips dealt at random, so that subjects sit on both sides).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import GroupKFold, KFold, LeaveOneGroupOut

from merlib.clips.samples import Samples
from merlib.errors import MerlibError

PROTOCOLS = ("loso", "groupkfold:K", "clipkfold:K:SEED")


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


def parse_protocol(protocol: str) -> tuple[str, tuple[int, ...]]:
    """Split a protocol's name into its kind and its numbers; anything else is an error."""
    kind, *numbers = protocol.split(":")
    lengths = {"loso": 0, "groupkfold": 1, "clipkfold": 2}
    if lengths.get(kind) != len(numbers) or not all(n.isdigit() for n in numbers):
        raise MerlibError(f"protocol {protocol!r}.", f"one of {', '.join(PROTOCOLS)}.", "e.g. groupkfold:10.")
    return kind, tuple(int(n) for n in numbers)


def shares_subjects(protocol: str) -> bool:
    """Whether a protocol lets a subject sit on both sides of a split."""
    return parse_protocol(protocol)[0] == "clipkfold"


def check_disjoint(folds: Sequence[Fold], groups: np.ndarray) -> None:
    """Raise when a subject sits on both sides of a fold, or a row is tested twice or never.

    Parameters
    ----------
    folds : sequence of Fold
        All folds of a protocol.
    groups : str array (N,)
        ``dataset/subject`` of each row.
    """
    for fold in folds:
        both = np.intersect1d(groups[fold.train], groups[fold.test])
        if both.size:
            raise MerlibError(
                f"fold {fold.name}: subject {both[0]} is in training and test.",
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
    """Split `samples` by a protocol and prove the split.

    Raises
    ------
    MerlibError
        When the protocol is unknown, there are fewer than two folds or fewer subjects than folds, or the guard
        finds a shared subject.
    """
    kind, numbers = parse_protocol(protocol)
    groups, n = samples.groups, len(samples)
    subjects = len(np.unique(groups))
    count, most = (numbers[0] if numbers else subjects), (n if kind == "clipkfold" else subjects)
    if not 2 <= count <= most:
        raise MerlibError(
            f"{protocol} makes {count} folds of {subjects} subjects and {n} clips.",
            f"2 folds at least, {most} at most.",
            "use another number of folds, or more subjects.",
        )
    if kind == "loso":
        splits = list(LeaveOneGroupOut().split(np.zeros(n), groups=groups))
        names = [groups[test[0]].replace("/", "-") for _, test in splits]
    elif kind == "groupkfold":
        splits = list(GroupKFold(numbers[0]).split(np.zeros(n), groups=groups))
        names = [f"fold{i:02d}" for i in range(len(splits))]
    else:
        splits = list(KFold(numbers[0], shuffle=True, random_state=numbers[1]).split(np.zeros(n)))
        names = [f"clips{i:02d}" for i in range(len(splits))]
    folds = [Fold(name, train, test) for name, (train, test) in zip(names, splits, strict=True)]
    if shares_subjects(protocol):
        _check_cover(folds, n)
    else:
        check_disjoint(folds, groups)
    return folds

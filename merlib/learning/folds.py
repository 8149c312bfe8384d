"""Subject-disjoint folds, and the guard that proves it.

Protocols by name: ``loso`` (leave one subject out) and ``groupkfold:K`` (K folds of whole subjects). LEAKY, only to
show what it costs: ``clipkfold:K:SEED`` (whole clips dealt at random, so that subjects sit on both sides) and, for
rows that are frames, ``framekfold:K:SEED`` (frames dealt at random, so that clips do; LARNET-E6).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import GroupKFold, KFold, LeaveOneGroupOut

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


def parse_protocol(protocol: str) -> tuple[str, tuple[int, ...]]:
    """Split a protocol's name into its kind and its numbers; anything else is an error."""
    kind, *numbers = protocol.split(":")
    lengths = {"loso": 0, "groupkfold": 1, "clipkfold": 2, "framekfold": 2}
    if lengths.get(kind) != len(numbers) or not all(n.isdigit() for n in numbers):
        raise MerlibError(f"protocol {protocol!r}.", f"one of {', '.join(PROTOCOLS)}.", "e.g. groupkfold:10.")
    return kind, tuple(int(n) for n in numbers)


def shares_subjects(protocol: str) -> bool:
    """Whether a protocol lets a subject sit on both sides of a split."""
    return bool(shared_by(protocol))


def shared_by(protocol: str) -> str:
    """Return what a leaky protocol lets sit on both sides of a split, in words; empty when nothing does."""
    return LEAKY.get(parse_protocol(protocol)[0], "")


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
        splits = list(LeaveOneGroupOut().split(np.zeros(n), groups=groups))
        names = [groups[test[0]].replace("/", "-") for _, test in splits]
    elif kind == "groupkfold":
        splits = list(GroupKFold(numbers[0]).split(np.zeros(n), groups=groups))
        names = [f"fold{i:02d}" for i in range(len(splits))]
    else:
        dealt = np.arange(n) if kind == "framekfold" else clips
        deal = KFold(numbers[0], shuffle=True, random_state=numbers[1]).split(np.zeros(most))
        splits = [tuple(np.flatnonzero(np.isin(dealt, side)) for side in sides) for sides in deal]
        names = [f"{kind.removesuffix('kfold')}s{i:02d}" for i in range(len(splits))]
    folds = [Fold(name, train, test) for name, (train, test) in zip(names, splits, strict=True)]
    if shares_subjects(protocol):
        _check_cover(folds, n)
    else:
        check_disjoint(folds, groups)
    return folds


def _clip_numbers(samples: Samples) -> np.ndarray:
    """Number the clip of each row, in the order in which clips first appear."""
    keys = np.char.add(np.char.add(samples.groups, "/"), clip_of(samples.clips))
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]

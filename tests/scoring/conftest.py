"""Predictions worked out by hand and drawn at random (SYNTHETIC), shared by the tests of this room."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

NAMES = ("negative", "positive", "surprise")


@pytest.fixture(scope="session")
def table() -> Callable[..., pd.DataFrame]:
    """Build predictions from rows (dataset, subject, label, prediction); clips are numbered within a seed."""

    def build(rows, seed: int = 0, classes=NAMES) -> pd.DataFrame:
        frame = pd.DataFrame(list(rows), columns=["dataset", "subject", "label", "prediction"])
        frame.insert(2, "clip", [f"c{i:03d}" for i in range(len(frame))])
        frame.insert(0, "fold", frame["subject"])
        frame.insert(0, "seed", seed)
        frame.insert(0, "experiment", "hand")
        frame.attrs["classes"] = list(classes)
        return frame

    return build


@pytest.fixture(scope="session")
def six(table) -> pd.DataFrame:
    """Two people, six clips, three classes.

    Truth 0 0 0 1 1 2, prediction 0 0 1 1 2 2. Confusion [[2, 1, 0], [0, 1, 1], [0, 0, 1]].
    Recall 2/3, 1/2, 1; precision 1, 1/2, 1/2; F1 4/5, 1/2, 2/3.
    """
    truth, answers = (0, 0, 0, 1, 1, 2), (0, 0, 1, 1, 2, 2)
    people = ("s1", "s1", "s1", "s2", "s2", "s2")
    return table(zip(["samm"] * 6, people, truth, answers, strict=True))


@pytest.fixture(scope="session")
def drawn(table) -> Callable[..., pd.DataFrame]:
    """Draw SYNTHETIC predictions: three data sets, labels fixed by `world`, answers right with probability `skill`."""

    def draw(seed: int, skill: float = 0.7, people: int = 10, world: int = 0, clips: int = 6) -> pd.DataFrame:
        truths, answers = np.random.default_rng((world, 1)), np.random.default_rng((seed, 2))
        rows = [
            (dataset, f"{person:02d}", int(label))
            for dataset in ("casme2", "samm", "smic")
            for person in range(people)
            for label in truths.choice(3, truths.integers(1, clips + 1), p=(0.5, 0.3, 0.2))
        ]
        guesses = answers.choice(3, len(rows), p=(0.5, 0.3, 0.2))
        right = answers.random(len(rows)) < skill
        return table(
            (d, s, label, label if ok else int(guess))
            for (d, s, label), ok, guess in zip(rows, right, guesses, strict=True)
        )

    return draw


@pytest.fixture(scope="session")
def seeds(drawn) -> Callable[..., pd.DataFrame]:
    """Draw several seeds of one SYNTHETIC model as one table."""

    def draw(*numbers: int, **options) -> pd.DataFrame:
        parts = [drawn(number, **options).assign(seed=number) for number in numbers]
        return pd.concat(parts, ignore_index=True)

    return draw

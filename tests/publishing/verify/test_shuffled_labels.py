"""Labels shuffled on purpose keep each data set's clips a class, and the run's name says so; a lie does neither."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from merlib.publishing.verify.finding import Finding
from merlib.publishing.verify.predictions import SHUFFLED, _check_twin
from merlib.sources.counts import subject_counts

CLASSES = ("negative", "positive", "surprise")


@pytest.fixture
def rows() -> pd.DataFrame:
    """SYNTHETIC: SMIC's people, each with as many clips a class as the original."""
    counts = subject_counts("smic")
    people, labels = [], []
    for who, what, n in counts.itertuples(index=False):
        people += [who.rpartition("/")[2]] * n
        labels += [CLASSES.index(what)] * n
    clips = [f"clip{i:03d}" for i in range(len(labels))]
    return pd.DataFrame({"dataset": "smic", "subject": people, "clip": clips, "label": labels})


def found(rows: pd.DataFrame, shuffled: str) -> Finding:
    finding = Finding("smic", "predictions")
    _check_twin(finding, rows, "smic", CLASSES, shuffled)
    return finding


def test_shuffled_labels_pass_under_a_name_that_says_so_and_under_no_other(rows):
    moved = rows.assign(label=np.random.default_rng(0).permutation(rows["label"]))
    assert found(rows, "").wrong == []
    assert found(moved, "").wrong != []
    assert found(moved, f"Net, {SHUFFLED}").wrong == []
    assert found(moved, "Net").wrong != []


def test_a_label_changed_under_the_cover_of_shuffling_is_red(rows):
    rows.loc[rows.index[0], "label"] = (rows.loc[rows.index[0], "label"] + 1) % 3
    assert found(rows, f"Net, {SHUFFLED}").wrong != []

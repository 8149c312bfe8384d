"""The confusion matrix: truth in rows, counts kept, rows normalised."""

from __future__ import annotations

import pytest

from merlib.scoring import confusion, recall_by_class


def test_rows_are_the_truth_and_columns_the_prediction(six):
    table = confusion(six)
    assert table.to_numpy().tolist() == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]
    assert (table.index.name, table.columns.name) == ("truth", "prediction")
    assert table.loc["negative", "positive"] == 1
    assert table.loc["positive", "negative"] == 0


def test_normalised_rows_sum_to_one_and_the_diagonal_is_the_recall(drawn):
    frame = drawn(0)
    table = confusion(frame, normalise=True)
    assert table.sum(axis=1).tolist() == pytest.approx([1, 1, 1])
    assert [table.iloc[c, c] for c in range(3)] == pytest.approx(recall_by_class(frame).tolist())


def test_seeds_are_summed(seeds, drawn):
    assert confusion(seeds(1, 2)).equals(confusion(drawn(1)) + confusion(drawn(2)))


def test_a_class_without_clips_has_zero_counts_and_no_shares(table):
    frame = table([("smic", "s1", 0, 0), ("smic", "s1", 1, 2)])
    assert confusion(frame).loc["surprise"].tolist() == [0, 0, 0]
    assert confusion(frame, normalise=True).loc["surprise"].isna().all()

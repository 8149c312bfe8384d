"""Memory is what tensors hold at one time: known sums, what was given left out."""

from __future__ import annotations

import pytest
import torch

from merlib.publishing.tables.attention_memory import attention_cost, cost_finding, peak_megabytes

SQUARE = torch.zeros(512, 512)  # 1 MB of float32


def test_memory_is_the_most_that_lives_at_once_without_what_was_given():
    assert peak_megabytes(lambda: SQUARE + 1, [SQUARE]) == pytest.approx(1)
    assert peak_megabytes(lambda: (SQUARE + 1) + 1, [SQUARE]) == pytest.approx(2)  # the first sum and the second
    assert peak_megabytes(lambda: SQUARE.t(), [SQUARE]) == 0  # a view holds nothing of its own


def test_a_sparse_matrix_counts_its_numbers_alone():
    where = torch.arange(1024).repeat(2, 1)  # 16 kB of places
    peak = peak_megabytes(
        lambda: torch.sparse_coo_tensor(where, torch.ones(1024), (1024, 1024), check_invariants=False), [where]
    )
    assert peak < 0.1


def test_full_attention_grows_with_the_square_of_the_length():
    table = attention_cost((32, 128), width=8)
    ratio = table.loc[128, "full / MB"] / table.loc[32, "full / MB"]
    assert 8 < ratio < 17  # between length and its square: outputs grow with the length
    assert ((table["kept"] > 0) & (table["kept"] <= 1)).all()
    assert "L = 128" in cost_finding(table)

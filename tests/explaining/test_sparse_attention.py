"""Shares of kept pairs are counted in the right corner, and the matrix is the network's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from merlib.errors import MerlibError
from merlib.explaining.sparse_attention import attention_matrices, kept_shares
from merlib.models import build_model


def test_an_empty_lower_right_corner_is_seen_there():
    matrix = np.full((1, 2, 8, 8), 0.1)
    matrix[:, :, 4:, 4:] = 0.0
    row = kept_shares(matrix).iloc[0]
    assert (row["lower right"], row["upper left"], row["lower left"]) == (0.0, 1.0, 1.0)
    assert row["all"] == pytest.approx(0.75)


def test_pairs_near_the_diagonal_are_told_from_those_far_away():
    row = kept_shares(np.eye(8)[None, None], near=0).iloc[0]
    assert (row["near the diagonal"], row["far from it"]) == (1.0, 0.0)
    assert kept_shares(np.eye(8)[None, None], near=1).iloc[0]["near the diagonal"] == pytest.approx(8 / 22)


def test_the_matrix_is_the_attention_of_the_first_block():
    torch.manual_seed(0)
    model = build_model("uamrn", width=16, front_size=16, length=8).train()
    front = torch.randn(2, 8, 16)
    found = attention_matrices(model, {"front": front})
    assert model.training
    with torch.no_grad():
        wanted = model.blocks[0].weights(model.sequence({"front": front})).numpy()
    np.testing.assert_allclose(found, wanted)
    np.testing.assert_allclose(found.sum(-1), 1.0, rtol=1e-5)
    kept = kept_shares(found)["all"].to_numpy()
    np.testing.assert_allclose(kept, model.eval()({"front": front}).kept[:, 0].detach().numpy(), rtol=1e-5)


def test_matrices_of_another_shape_are_refused():
    with pytest.raises(MerlibError, match="heads"):
        kept_shares(np.ones((2, 8, 8)))

"""UAMRN's sparse attention matrices, and a count for the two claims that the paper reads from one (Sec. 4.5, Fig. 4).

The paper shows the matrix of one clip. In it the kept pairs lie near the diagonal, and the lower right corner, where
query and key belong to the largest magnifications, is mostly empty, from which the paper concludes that the network
discards distorted pictures. Both claims are about shares of pairs, so both can be counted.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from merlib.errors import MerlibError
from merlib.models.uamrn import UAMRN

NEAR = 4  # pairs at most this many magnifications apart lie near the diagonal; the paper gives no width


@torch.no_grad()
def attention_matrices(model: UAMRN, inputs: Mapping[str, Tensor], block: int = 0) -> np.ndarray:
    """Return the attention of each clip in one block, float32 (N, heads, L, L), zero outside the kept pairs.

    Rows are queries and columns keys, both ordered by magnification, the weakest first. Fig. 4 does not say which block
    it shows. The default is the first, because only there does each query and key come from a single magnification.
    """
    training = model.training
    try:
        model.eval()
        return model.attention_maps(inputs)[block].numpy()
    finally:
        model.train(training)


def kept_shares(matrices: np.ndarray, near: int = NEAR) -> pd.DataFrame:
    """Return which share of its pairs each clip keeps, in the whole matrix and in parts of it, one row per clip.

    Parameters
    ----------
    matrices : array (N, heads, L, L)
        From `attention_matrices`; a pair is kept where its weight is above zero.
    near : int
        How many magnifications apart a pair may be to lie near the diagonal.

    Returns
    -------
    DataFrame
        Columns ``all``; the four quarters ``upper left`` to ``lower right`` (weak magnifications come first); ``near
        the diagonal`` and ``far from it``. All are averaged over heads.

    Raises
    ------
    MerlibError
        When the matrices are not square.
    """
    matrices = np.asarray(matrices)
    if matrices.ndim != 4 or matrices.shape[-1] != matrices.shape[-2]:
        raise MerlibError(f"matrices {matrices.shape}.", "(N, heads, L, L).", "take them from attention_matrices.")
    kept, length = (matrices > 0).mean(1), matrices.shape[-1]
    half = length // 2
    close = np.abs(np.subtract.outer(np.arange(length), np.arange(length))) <= near
    return pd.DataFrame(
        {
            "all": kept.mean((1, 2)),
            "upper left": kept[:, :half, :half].mean((1, 2)),
            "upper right": kept[:, :half, half:].mean((1, 2)),
            "lower left": kept[:, half:, :half].mean((1, 2)),
            "lower right": kept[:, half:, half:].mean((1, 2)),
            "near the diagonal": kept[:, close].mean(1),
            "far from it": kept[:, ~close].mean(1),
        }
    )

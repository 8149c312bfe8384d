"""UAMRN's sparse attention matrix of live clips, and the two claims that are read from it (Sec. 4.5, Fig. 4).

The paper shows one clip. It sees the kept pairs near the diagonal, and the lower right corner, where query and key
stand for the largest magnifications, mostly empty: the network is said to discard distorted pictures. Both are shares
of pairs, so both can be counted.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from merlib.errors import MerlibError
from merlib.models.uamrn import UAMRN

NEAR = 4  # magnifications apart that count as near the diagonal; the paper gives no width


@torch.no_grad()
def attention_matrices(model: UAMRN, inputs: Mapping[str, Tensor], block: int = 0) -> np.ndarray:
    """Return the attention of each clip in one block, float32 (N, heads, L, L), zero outside the kept pairs.

    Rows are queries, columns keys, both by magnification from the weakest. Fig. 4 does not say which block it shows;
    the first is the one whose queries and keys come from a single magnification each.
    """
    training = model.training
    try:
        model.eval()
        return model.attention_maps(inputs)[block].numpy()
    finally:
        model.train(training)


def kept_shares(matrices: np.ndarray, near: int = NEAR) -> pd.DataFrame:
    """Return which share of its pairs each clip keeps, in the whole matrix and in parts of it, one row a clip.

    Parameters
    ----------
    matrices : array (N, heads, L, L)
        From `attention_matrices`; a pair is kept where its weight is above zero.
    near : int
        How many magnifications apart a pair may be to lie near the diagonal.

    Returns
    -------
    DataFrame
        ``all``; the four quarters ``upper left`` to ``lower right`` (weak magnifications come first); ``near the
        diagonal`` and ``far from it``. Averaged over heads.

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

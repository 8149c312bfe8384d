"""The time of attention over the kept pairs compared with masking all pairs, measured on this machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

import pandas as pd
import torch

from merlib.models.blocks.lsh_attention import dense_attention, draw_hyperplanes, kept_pairs, sparse_attention
from merlib.one_thread import one_thread

HEADS, TABLES, PLANES = 2, 4, 3  # Table 1 of UAMRN
MOST_REPEATS, MOST_SECONDS = 20, 3.0


def median_seconds(work: Callable[[], object]) -> float:
    """Return the median time of `work` in seconds, after one warm-up, over runs limited in number and total time."""
    work()
    times: list[float] = []
    while len(times) < 3 or (len(times) < MOST_REPEATS and sum(times) < MOST_SECONDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


@torch.no_grad()
def time_attention(lengths: Sequence[int], width: int = 64) -> pd.DataFrame:
    """Measure the forward pass on random queries and keys, on one thread.

    Parameters
    ----------
    lengths : sequence of int
        L, magnifications in a sequence.
    width : int
        Dimensions per head; 512 in UAMRN.

    Returns
    -------
    DataFrame
        Indexed by L: share of pairs kept; milliseconds of hashing (which both need), of masking all pairs, and of
        computing only the kept ones; and the ratio of the last to masking, above 1 where sparse is slower.
    """
    rows = {}
    with one_thread():
        for length in lengths:
            torch.manual_seed(length)
            q, k, v = torch.randn(3, 1, HEADS, length, width)
            planes = draw_hyperplanes(HEADS, TABLES, PLANES, width)
            kept = kept_pairs(q, k, planes)
            dense = median_seconds(lambda q=q, k=k, v=v, kept=kept: dense_attention(q, k, v, kept))
            sparse = median_seconds(lambda q=q, k=k, v=v, kept=kept: sparse_attention(q, k, v, kept))
            rows[length] = {
                "kept": kept.float().mean().item(),
                "hashing / ms": 1e3 * median_seconds(lambda q=q, k=k, planes=planes: kept_pairs(q, k, planes)),
                "dense, masked / ms": 1e3 * dense,
                "sparse / ms": 1e3 * sparse,
                "sparse / dense": sparse / dense,
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("L")

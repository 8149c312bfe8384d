"""Print what share of attention hashing keeps, and the time of computing only that against masking all of it.

Run ``python tests/benchmarks/bench_sparse_attention.py [--longest 4096] [--width 64]``. Random queries and keys, two
heads, three hyper-planes and four tables as UAMRN prints them, one thread, forward pass. Both ways compute the same
numbers from the same kept pairs; hashing, which both need, is timed apart. Nothing is asserted about time: the columns
that compare are ratios, and above 1 the sparse way is the slower one.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from rich.console import Console
from rich.table import Table

from merlib.learning.provenance import processor
from merlib.models.blocks.lsh_attention import dense_attention, draw_hyperplanes, kept_pairs, sparse_attention

LENGTHS = (32, 128, 512, 2048, 4096)
HEADS, TABLES, PLANES = 2, 4, 3
MOST_REPEATS, MOST_SECONDS = 20, 3.0


def seconds(work: Callable[[], object]) -> tuple[float, int]:
    """Return the median time of `work` after one warm-up, and of how many runs: bounded in number and time."""
    work()
    times: list[float] = []
    while len(times) < 3 or (len(times) < MOST_REPEATS and sum(times) < MOST_SECONDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times), len(times)


@torch.no_grad()
def row_of(length: int, width: int) -> list[str]:
    """Measure one length: share kept, seconds of hashing, of dense and of sparse attention, and their ratio."""
    torch.manual_seed(length)
    q, k, v = torch.randn(3, 1, HEADS, length, width)
    planes = draw_hyperplanes(HEADS, TABLES, PLANES, width)
    kept = kept_pairs(q, k, planes)
    sparse = sparse_attention(q, k, v, kept)
    torch.testing.assert_close(sparse.output, dense_attention(q, k, v, kept), atol=1e-5, rtol=1e-4)
    assert len(sparse.pairs) == int(kept.sum())
    hashing, _ = seconds(lambda: kept_pairs(q, k, planes))
    dense, _ = seconds(lambda: dense_attention(q, k, v, kept))
    only, runs = seconds(lambda: sparse_attention(q, k, v, kept))
    times = (f"{1e3 * value:.2f}" for value in (hashing, dense, only))
    return [str(length), f"{kept.float().mean():.3f}", *times, f"{only / dense:.1f}", str(runs)]


def main() -> None:
    """Measure every length up to the longest asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--longest", type=int, default=LENGTHS[-1])
    parser.add_argument("--width", type=int, default=64, help="dimensions a head; 512 in UAMRN")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    independent = 1 - (1 - 2.0**-PLANES) ** TABLES
    title = f"{processor()}, one thread; independent vectors are expected to keep {independent:.3f}"
    table = Table(title=title)
    for heading in ("L", "kept", "hashing, ms", "dense masked, ms", "sparse, ms", "sparse / dense", "runs"):
        table.add_column(heading, justify="right")
    for length in LENGTHS:
        if length <= chosen.longest:
            table.add_row(*row_of(length, chosen.width))
    Console().print(table)


if __name__ == "__main__":
    main()

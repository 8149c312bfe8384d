"""Print what share of attention hashing keeps, and the time of computing only that against masking all of it.

Run ``python tests/benchmarks/bench_sparse_attention.py [--longest 4096] [--width 64]``. Random queries and keys, two
heads, three hyper-planes and four tables as UAMRN prints them, one thread, forward pass. Both ways compute the same
numbers from the same kept pairs; hashing, which both need, is timed apart. Nothing is asserted about time: the column
that compares is a ratio, and above 1 the sparse way is the slower one.
"""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.table import Table

from merlib.learning.store.provenance import processor
from merlib.publishing.tables.attention_times import PLANES, TABLES, time_attention

LENGTHS = (32, 128, 512, 2048, 4096)


def main() -> None:
    """Measure every length up to the longest asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--longest", type=int, default=LENGTHS[-1])
    parser.add_argument("--width", type=int, default=64, help="dimensions a head; 512 in UAMRN")
    chosen = parser.parse_args()
    times = time_attention([length for length in LENGTHS if length <= chosen.longest], chosen.width)
    independent = 1 - (1 - 2.0**-PLANES) ** TABLES
    table = Table(title=f"{processor()}, one thread; independent vectors are expected to keep {independent:.3f}")
    for heading in (times.index.name, *times.columns):
        table.add_column(heading, justify="right")
    for length, row in times.iterrows():
        table.add_row(str(length), *(f"{value:.3g}" for value in row))
    Console().print(table)


if __name__ == "__main__":
    main()

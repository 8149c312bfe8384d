"""Run a computation on one thread, so that it gives the same bits however many threads there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit PyTorch and BLAS to one thread, so that a result has the same bits whatever the number of workers.

    When the block ends, PyTorch's number of threads and its random state are what they were before.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1), torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(before)

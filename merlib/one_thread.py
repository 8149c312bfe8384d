"""One thread for what must give the same bits anywhere: PyTorch, BLAS and the random state, held and given back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread, so that a result is the same bits whatever the number of workers.

    The caller's threads and random numbers are as before when the block ends.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1), torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(before)

"""One thread each: the tests of a room run beside those of others."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    import cv2
    import torch
    from threadpoolctl import threadpool_limits

    before = cv2.getNumThreads(), torch.get_num_threads()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    cv2.setNumThreads(before[0])
    torch.set_num_threads(before[1])

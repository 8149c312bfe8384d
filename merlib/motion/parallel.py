"""One clip after another in several processes, one thread each, in order."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator

from merlib.errors import MerlibError


def over_clips(function: Callable, tasks: Iterable[tuple], workers: int) -> Iterator[object]:
    """Yield ``function(*task)`` for every task, in order.

    Parameters
    ----------
    function : callable
        Picklable; OpenCV is held to one thread while it runs.
    tasks : iterable of tuple
        Its arguments.
    workers : int
        Processes; with one nothing is sent anywhere.

    Raises
    ------
    MerlibError
        For fewer than one worker, and what `function` raises.
    """
    if workers < 1:
        raise MerlibError(f"{workers} workers.", "1 or more.", "give each processor core one.")
    from joblib import Parallel, delayed, parallel_config

    with warnings.catch_warnings():
        # loky replaces a worker whose memory has grown, as pictures kept for reuse make it, and says so each time
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given to the executor")
        with parallel_config("loky", inner_max_num_threads=1) if workers > 1 else parallel_config("sequential"):
            yield from Parallel(n_jobs=workers, return_as="generator")(
                delayed(_alone)(function, task) for task in tasks
            )


def _alone(function: Callable, task: tuple) -> object:
    import cv2

    cv2.setNumThreads(1)  # one process a core: OpenCV's own threads would only wait for each other
    return function(*task)

"""Apply a function to clips in several processes, with one thread each; results come in the clips' order."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence

from merlib.errors import MerlibError
from merlib.processes import end_with
from merlib.progress import shown

Progress = Callable[[int, int], None]


def over_clips(
    function: Callable, tasks: Sequence[tuple], workers: int, what: str, progress: Progress | None = None
) -> Iterator[object]:
    """Yield ``function(*task)`` for every task, in order.

    Parameters
    ----------
    function : callable
        It can be pickled. OpenCV is limited to one thread in the process that runs it.
    tasks : sequence of tuple
        The arguments of each call.
    workers : int
        Number of processes; with one, everything runs in this process.
    what : str
        Name of the work, for the bar.
    progress : callable, optional
        Called with ``(done, total)`` after each task; by default a bar is shown, see `merlib.progress`.

    Raises
    ------
    MerlibError
        For fewer than one worker. Errors of `function` are raised too.
    """
    if workers < 1:
        raise MerlibError(f"{workers} workers.", "1 or more.", "give each processor core one.")
    from joblib import Parallel, delayed, parallel_config

    with warnings.catch_warnings():
        # loky replaces a worker whose memory has grown, as pictures kept for reuse make it, and says so each time
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given to the executor")
        with parallel_config("loky", inner_max_num_threads=1) if workers > 1 else parallel_config("sequential"):
            pool = {"initializer": end_with, "initargs": (os.getpid(),)} if workers > 1 else {}
            calls = (delayed(_alone)(function, task) for task in tasks)
            results = Parallel(n_jobs=workers, return_as="generator", **pool)(calls)
            if progress is None:
                yield from shown(results, what, len(tasks), "clips")
                return
            for done, result in enumerate(results, start=1):
                progress(done, len(tasks))
                yield result


def _alone(function: Callable, task: tuple) -> object:
    import cv2

    cv2.setNumThreads(1)  # there is a process per core already, so OpenCV's own threads would only wait for each other
    return function(*task)

"""The error that a user sees when the system has ended a worker process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from merlib.errors import MerlibError


@contextmanager
def killed_workers_told(what: str) -> Iterator[None]:
    """Turn joblib's error about a lost worker process into a MerlibError that says what to do.

    Parameters
    ----------
    what : str
        What is trained, for the message.
    """
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    try:
        yield
    except TerminatedWorkerError as error:
        raise MerlibError(
            f"{what}: a worker process was ended from outside; most often the memory did not suffice for all of them.",
            "workers that live until their folds are trained.",
            "run again with fewer (workers=1, merlib run --workers 1); finished folds are kept. "
            "If one worker dies too, the network itself takes more memory than there is.",
        ) from error

"""Progress of folds that several processes train: each process reports its share, and one bar shows the sum."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from merlib.processes import HELD, ScratchFolder
from merlib.progress import open_bar

INTERVAL = 1.0  # seconds between two looks at the workers


class Heartbeats:
    """Shares of work done; each process writes its own into a tiny file in a temporary folder."""

    def __init__(self) -> None:
        self._folder = ScratchFolder("merlib-progress-")
        self.folder = str(self._folder.path)

    @staticmethod
    def beat(folder: str, task: str) -> Callable[[float], None]:
        """Return a function that a worker calls with its share of work done, 0 to 1; without folder it does nothing."""
        if not folder:
            return lambda share: None
        path = os.path.join(folder, task)

        def beat(share: float) -> None:
            try:
                with open(path, "w", encoding="ascii") as file:
                    file.write(f"{share:.4f}")
            except OSError:
                pass  # the run has ended and its folder was removed, so nobody reads the share

        return beat

    def total(self) -> float:
        """Return the sum of all shares."""
        shares = 0.0
        for entry in os.scandir(self.folder):
            if entry.name == HELD:
                continue
            try:
                shares += float(Path(entry.path).read_text(encoding="ascii") or 0)
            except (OSError, ValueError):
                continue
        return shares

    def close(self) -> None:
        """Remove the folder."""
        self._folder.remove()


class Unseen:
    """Replaces `Heartbeats` where no bar is shown: without a folder, none is left behind by a killed process."""

    folder = ""

    def close(self) -> None:
        """Do nothing."""


class Progress:
    """Watch `total` tasks of one step until closed; a context manager.

    Parameters
    ----------
    what : str
        Name of the step.
    total : int
        How many tasks it has; shares of running tasks count.
    """

    def __init__(self, what: str, total: int):
        self._bar = open_bar(what, total, "folds") if total else None
        self.beats = Heartbeats() if self._bar is not None else Unseen()
        self._total, self._start = total, time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._stop.wait(INTERVAL):
            self._show()

    def _show(self) -> None:
        done = min(self.beats.total(), self._total)
        gone = time.monotonic() - self._start
        left = gone * (self._total - done) / done if done > 0 else None
        self._bar.show(done, left)

    def __enter__(self) -> Progress:
        if self._bar is not None:
            self._bar.show(0, None)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._bar is not None:
            self._thread.join()
            self._show()
            self._bar.close()
        self.beats.close()

"""A run killed at random moments and resumed each time ends with the bits of an undisturbed one.

Two kills by default; ``MERLIB_KILLS=10`` for more.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import long_run
import pandas as pd

from merlib.learning import run

KILLS = int(os.environ.get("MERLIB_KILLS", "2"))


def start(store: Path) -> subprocess.Popen:
    """Start the run in a process group of its own, so that its workers die with it."""
    paths = [str(Path(__file__).resolve().parents[3]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "MERLIB_PROGRESS": "off"}
    command = [sys.executable, long_run.__file__, str(store)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )


def finished(store: Path) -> int:
    return len(list(store.rglob("*.parquet")))


def test_kills_at_random_moments_change_no_bit(tmp_path):
    moments, store, cut_short = random.Random(0), tmp_path / "killed", 0
    for _ in range(KILLS):
        before, process = finished(store), start(store)
        process.stdout.readline()  # "started"
        patience = time.monotonic() + 60
        while finished(store) == before and process.poll() is None and time.monotonic() < patience:
            time.sleep(0.02)  # the workers are up and a fold of this start is written
        time.sleep(moments.uniform(0, 0.6))
        if process.poll() is None:
            cut_short += finished(store) < 12
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert cut_short, "every start had finished before it was killed"
    resumed = run(long_run.experiment(), long_run.samples(), store=store, workers=2)
    whole = run(long_run.experiment(), long_run.samples(), store=tmp_path / "whole", workers=2)
    pd.testing.assert_frame_equal(resumed, whole, check_exact=True)

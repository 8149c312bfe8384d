"""A run killed at random moments and resumed each time ends with the bits of an undisturbed one, and leaves nothing.

The process that calls `run` is ended alone, by SIGKILL, SIGTERM or SIGINT in turn; its workers must notice by
themselves. Two kills by default; ``MERLIB_KILLS=10`` for more.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import long_run
import pandas as pd
import psutil
import pytest

from merlib.learning import run

KILLS = int(os.environ.get("MERLIB_KILLS", "2"))
SIGNS = (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGKILL)
MARK = "MARK_OF_A_TEST"


def heed_sigint():
    """A shell starts what runs in the background with SIGINT ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def start(store: Path, temporary: Path) -> subprocess.Popen:
    """Start the run with a temporary folder of its own, and a mark that its processes inherit."""
    paths = [str(Path(__file__).resolve().parents[3]), *filter(None, [os.environ.get("PYTHONPATH")])]
    own = {"PYTHONPATH": os.pathsep.join(paths), "MERLIB_PROGRESS": "off", "TMPDIR": str(temporary), MARK: str(store)}
    command = [sys.executable, long_run.__file__, str(store)]
    return subprocess.Popen(
        command,
        env={**os.environ, **own},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=heed_sigint,
    )


def marked(store: Path) -> list[psutil.Process]:
    """Return the living processes that inherited the mark of this store's runs."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(store) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def told(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return f"{' '.join(process.cmdline())[-60:]}: {process.status()}, {process.cpu_times().user} s"
    return "gone"


def outliving(store: Path, seconds: float = 5) -> list[str]:
    """Return what of a run is alive that many seconds after it was ended; empty as soon as nothing is."""
    began = time.monotonic()
    while (living := marked(store)) and time.monotonic() - began < seconds:
        time.sleep(0.1)
    return [told(process) for process in living]


def finished(store: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in store.glob("??/*.parquet")}


def shared_memory(process: int) -> list[str]:
    """Return what lies in shared memory under the number of a process; that of others is theirs."""
    forms = (f"sem.loky-{process}-*", f"joblib_memmapping_folder_{process}_*", f"loky-{process}-*")
    return [path.name for form in forms for path in Path("/dev/shm").glob(form)]


@pytest.mark.slow
@pytest.mark.timeout(300 + 120 * KILLS)
def test_kills_at_random_moments_change_no_bit_and_leave_nothing(tmp_path):
    moments, store, temporary, cut_short = random.Random(0), tmp_path / "killed", tmp_path / "temporary", 0
    temporary.mkdir()
    for number in range(KILLS):
        before, process = finished(store), start(store, temporary)
        process.stdout.readline()  # "started"
        patience = time.monotonic() + 60
        while len(finished(store)) == len(before) and process.poll() is None and time.monotonic() < patience:
            time.sleep(0.02)  # the workers are up and a fold of this start is written
        time.sleep(moments.uniform(0, 0.6))
        if process.poll() is None:
            cut_short += len(finished(store)) < long_run.FOLDS
            process.send_signal(SIGNS[number % len(SIGNS)])
        process.wait(30)
        assert outliving(store) == []
        assert shared_memory(process.pid) == []
        after = finished(store)
        assert {name: after.get(name) for name in before} == before, "a finished fold was lost or changed"
        assert [path.name for path in temporary.rglob("*") if not path.is_dir()] == []
    assert cut_short, "every start had finished before it was killed"
    resumed = run(long_run.experiment(), long_run.samples(), store=store, workers=2)
    whole = run(long_run.experiment(), long_run.samples(), store=tmp_path / "whole", workers=2)
    pd.testing.assert_frame_equal(resumed, whole, check_exact=True)
    left = [path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file()]
    assert sorted(path for path in left if not path.endswith(".parquet")) == ["index.jsonl"]

"""`merlib run` ended at random moments: every notebook's processes end with it, and no key and no part of one is left.

Two kills by default; ``MERLIB_KILLS=10`` for more. The notebook trains folds on two workers, so that each kill finds
a kernel, workers and a half-written notebook.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

KILLS = int(os.environ.get("MERLIB_KILLS", "2"))
SIGNS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGKILL)
SUPPORT = Path(__file__).resolve().parents[1] / "support"
MARK = "MARK_OF_A_TEST"
TRAINS = f"""# %% tags=["parameters"]
profile = "smoke"
data = []
store = ""

# %%
import sys
sys.path.insert(0, {str(SUPPORT)!r})
import long_run
from merlib.learning import run
# %%
predictions = run(long_run.experiment(), long_run.samples(), store=store, workers=2, references=False)
predictions.to_csv("/dev/null")
"""


def heed_sigint():
    """A shell starts what runs in the background with SIGINT ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def marked(mark: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(mark) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if not path.is_dir() and path.name != ".lock")


@pytest.mark.slow
@pytest.mark.timeout(300 + 120 * KILLS)
def test_an_ended_run_leaves_no_process_no_key_and_no_part_of_a_notebook(tmp_path):
    moments, temporary, results = random.Random(0), tmp_path / "t", tmp_path / "results"
    for folder in (temporary, tmp_path / "notebooks"):
        folder.mkdir()
    (tmp_path / "notebooks" / "01_trains.py").write_text(TRAINS)
    environment = {**os.environ, "TMPDIR": str(temporary), MARK: str(tmp_path)}
    command = [sys.executable, "-m", "merlib.cli.main", "run", "--from", tmp_path / "notebooks", "--results", results]
    cut_short = 0
    for number in range(KILLS):
        before = {path: path.read_bytes() for path in (results / "store").glob("??/*.parquet")}
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=heed_sigint
        )
        patience = time.monotonic() + 90
        while time.monotonic() < patience and process.poll() is None:
            if len(list((results / "store").glob("??/*.parquet"))) > len(before):
                break  # a fold of this start is written: the kernel and its workers are up
            time.sleep(0.05)
        time.sleep(moments.uniform(0, 0.4))
        if process.poll() is None:
            cut_short += 1
            process.send_signal(SIGNS[number % len(SIGNS)])
        process.wait(30)
        began = time.monotonic()
        while marked(tmp_path) and time.monotonic() - began < 20:
            time.sleep(0.1)
        assert time.monotonic() - began < 5, "processes outlived the run"
        assert files(temporary) == []
        assert files(results / "runs" / "smoke-twin" / "progress") == []
        assert files(results / "runs" / "smoke-twin" / "notebooks") in ([], ["01_trains.ipynb"])
        assert {path: path.read_bytes() for path in before} == before, "a finished fold was lost or changed"
    assert cut_short, "every run had ended before it was killed"
    done = subprocess.run([*command, "--resume"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((results / "runs" / "smoke-twin" / "run.json").read_text())["notebooks"]
    assert record["01_trains"]["state"] == "done"
    assert files(temporary) == []

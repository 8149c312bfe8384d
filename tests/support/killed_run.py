"""A process that trains and is killed between writing and renaming its third fold; started by test_engine.py."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from toy_samples import make_experiment, make_samples

from merlib.learning import run

SEEDS, OPTIONS = (0, 1), {"filters": [2, 2]}


def experiment():
    return make_experiment("am3f_flownet", "groupkfold:3", SEEDS, OPTIONS, loss="lasce")


def samples():
    return make_samples(6, 2, size=28)


if __name__ == "__main__":
    finished, rename = [], os.replace

    def killed_at_the_third_entry(source, target):
        if str(target).endswith(".parquet"):
            if len(finished) == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            finished.append(target)
        rename(source, target)

    os.replace = killed_at_the_third_entry
    run(experiment(), samples(), store=Path(sys.argv[1]), workers=1)

"""Measure spotting on long recordings of the SYNTHETIC twin and write the counts that notebook 13 reads.

``python tests/benchmarks/bench_spotting.py`` takes about an hour on one core. ``--part 0 3`` does every third
recording, so that several processes share the work, and ``--join FILE ...`` puts their files together. ``--choose``
finds the humble rule's threshold on seeds that are not measured on. ``--keep FOLDER`` keeps the drawn videos, so that
a run that was broken off need not draw them again; ``--draw`` does no more than draw them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from merlib.files import renamed_into
from merlib.places import repository_root, store_folder
from merlib.publishing.watched.spotting_measured import (
    BUILT_ON,
    CALM,
    COUNTS,
    MEASURED_ON,
    RECORD,
    SPEECH,
    TURNS,
    count,
    draw_recording,
    heading,
    spotting_table,
    watch_recording,
)
from merlib.publishing.watched.watch_model import watch_model


def main() -> None:
    """Measure, join, or choose."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", nargs=2, type=int, default=(0, 1), metavar=("I", "OF"))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--out", type=Path, default=repository_root() / RECORD)
    parser.add_argument("--join", nargs="+", type=Path)
    parser.add_argument("--choose", action="store_true")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    parser.add_argument("--draw", action="store_true", help="only draw the videos into the folder of --keep")
    asked = parser.parse_args()
    if asked.choose:
        choose(asked.seconds)
    elif asked.join:
        write(asked.out, pd.concat([pd.read_csv(path, comment="#") for path in asked.join]))
    else:
        plans = [(setting, seed) for setting, seeds in MEASURED_ON.items() for seed in seeds]
        chosen = plans[asked.part[0] :: asked.part[1]]
        if asked.draw:
            for setting, seed in chosen:
                draw_recording(setting, seed, asked.seconds, asked.keep)
            return
        model = watch_model("", store_folder())
        parts: list[pd.DataFrame] = []
        for setting, seed in chosen:
            watched = watch_recording(setting, seed, model, asked.seconds, lambda t: print(t, flush=True), asked.keep)
            parts.append(count(watched))
            write(asked.out, pd.concat(parts))


def write(path: Path, counts: pd.DataFrame) -> None:
    """Write counts, whole or not at all, and print the scores."""
    counts = counts.sort_values(["seed", "person", "method", "kind"])
    with renamed_into(path) as file:
        file.write((heading() + counts.to_csv(index=False, float_format="%.6g")).encode())
    values, low, high = spotting_table(counts)
    print(values.round(3).to_string(), low.round(3).to_string(), high.round(3).to_string(), sep="\n", flush=True)


def choose(seconds: float) -> None:
    """Print the humble rule's F1 by threshold on four recordings of `BUILT_ON`."""
    settings = (CALM, CALM, TURNS, SPEECH)
    watched = [watch_recording(s, seed, None, seconds) for s, seed in zip(settings, BUILT_ON, strict=False)]
    for threshold in np.arange(0.1, 1.5, 0.05):
        counts = pd.concat([count(each, threshold) for each in watched])
        humble = counts[counts["method"] != "spotter"]
        hits, true, found, _ = humble[COUNTS].sum()
        print(f"{threshold:.2f}: F1 {2 * hits / max(true + found, 1):.3f}, recall {hits / true:.2f}, {found:.0f} found")


if __name__ == "__main__":
    main()

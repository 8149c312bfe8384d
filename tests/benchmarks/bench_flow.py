"""Print pairs a second and end-point error of each flow method, with 1 and 2 workers, on a SYNTHETIC facial motion.

Run ``python tests/benchmarks/bench_flow.py [--pairs 16] [--scale 1.5]``. Times depend on the machine, so nothing is
asserted; the columns that compare (against TV-L1, against one worker, against a zero field) are ratios.
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from warped_face import pair, portrait

from merlib.errors import MerlibError
from merlib.inputs.parallel import over_clips
from merlib.motion.flow import dense_flow, end_point_error

METHODS = {
    "tvl1": {"method": "tvl1"},
    "tvl1, library defaults": {"method": "tvl1", "attachment": 15, "num_warp": 15, "num_iter": 10},
    "dis fast": {"method": "dis", "preset": "fast"},
    "dis medium": {"method": "dis", "preset": "medium"},
    "farneback": {"method": "farneback"},
    "liteflownet": {"method": "liteflownet"},
}
SECONDS = 6  # of work for each rate, so that starting to share it out does not count
FACES = [({"12": 1.0}, 1.5), ({"1": 1.0, "2": 1.0}, 1.5), ({"4": 1.0}, 1.0), ({"14": 1.0}, 1.0)]


def pairs_a_second(pairs: list, options: dict, workers: int) -> tuple[float, list[np.ndarray]]:
    """Time a warm run: the first pairs start the workers and import what they need."""
    compute = partial(dense_flow, **options)
    list(over_clips(compute, pairs[: 2 * workers], workers, "flow", lambda *_: None))
    start = time.perf_counter()
    flows = list(over_clips(compute, pairs, workers, "flow", lambda *_: None))
    return len(pairs) / (time.perf_counter() - start), flows


def main() -> None:
    """Measure every method whose weights are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=16)
    parser.add_argument("--scale", type=float, default=1.5)
    chosen = parser.parse_args()
    cases = [pair(units, peak, chosen.scale, noise=1.0) for units, peak in FACES]
    pairs = [cases[i % len(cases)][:2] for i in range(chosen.pairs)]
    rows, columns = portrait(chosen.scale).shape[:2]
    table = Table(title=f"SYNTHETIC, {columns} x {rows} px, noise of 1 grey level, motion above 0.25 px")
    for heading in ("method", "pairs/s", "x TV-L1", "2 workers", "error, px", "of a zero field"):
        table.add_column(heading, justify="left" if heading == "method" else "right")
    reference = None
    for name, options in METHODS.items():
        try:
            one, flows = pairs_a_second(pairs, options, 1)
        except MerlibError:
            table.add_row(name, "no weights")
            continue
        many = (pairs * max(1, round(SECONDS * one / len(pairs))))[: max(len(pairs), round(SECONDS * one))]
        one, two = (pairs_a_second(many, options, workers)[0] for workers in (1, 2))
        reference = reference or one
        errors = np.array([end_point_error(f, c[2], 0.25) for f, c in zip(flows, cases, strict=False)])
        error, still = errors.mean(axis=0)
        table.add_row(
            name, f"{one:.1f}", f"{one / reference:.1f}", f"x {two / one:.2f}", f"{error:.3f}", f"{error / still:.2f}"
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()

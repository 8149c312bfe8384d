"""Faces a second of each backend, with 1 and 2 workers, one thread each.

    python tests/benchmarks/bench_faces.py [--faces N] [--height H]

The frame is the portrait of scikit-image, resized. The fan backend is measured when its weights are on this machine.
"""

from __future__ import annotations

import argparse
import os
import time

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"  # before numpy is imported, here and in the workers

import numpy as np  # noqa: E402


def frame_of(height: int) -> np.ndarray:
    """Return the upper half of the portrait, resized to `height` rows; uint8 RGB."""
    import cv2
    from skimage import data

    half = data.astronaut()[:256, 96:352]
    return cv2.resize(half, (height, height), interpolation=cv2.INTER_AREA if height < 256 else cv2.INTER_CUBIC)


def find_many(frame: np.ndarray, backend: str, count: int) -> tuple[float, float]:
    """Find the face of `frame` `count` times in this process; seconds passed, seconds of processor, without loading."""
    import cv2

    from merlib.faces import find_faces

    cv2.setNumThreads(1)
    if backend == "fan":
        import torch

        torch.set_num_threads(1)
    find_faces(frame, backend)
    start, start_cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        if len(find_faces(frame, backend)) != 1:
            raise SystemExit(f"backend {backend} did not find the face")
    return time.perf_counter() - start, time.process_time() - start_cpu


def faces_a_second(frame: np.ndarray, backend: str, count: int, workers: int) -> tuple[float, float]:
    """Return the rate of `workers` processes that find `count` faces each at once, and their ms of processor a face."""
    from joblib import Parallel, delayed

    with Parallel(n_jobs=workers) as pool:
        pool(delayed(find_many)(frame, backend, 1) for _ in range(workers))  # workers started, networks read
        taken = pool(delayed(find_many)(frame, backend, count) for _ in range(workers))
    return sum(count / wall for wall, _ in taken), 1e3 * sum(cpu for _, cpu in taken) / (count * workers)


def main() -> None:
    """Print one line a backend."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=int, default=100, help="faces a worker")
    parser.add_argument("--height", type=int, default=340, help="rows of the frame")
    arguments = parser.parse_args()

    from merlib.faces.landmarks import FAN_WEIGHTS
    from merlib.sources.weights import weights_path

    frame = frame_of(arguments.height)
    load, cores = os.getloadavg()[0], os.cpu_count()
    busy = "; the machine is busy, so only processor time a face means something" if load > cores / 4 else ""
    print(f"frame {frame.shape[0]} x {frame.shape[1]}, load {load:.1f} on {cores} cores{busy}")
    print(f"{'backend':8} {'1 worker':>10} {'2 workers':>10}  faces/s {'scaling':>8} {'processor':>10}  ms/face")
    for backend, count in (("mesh", arguments.faces), ("fan", max(2, arguments.faces // 20))):
        if backend == "fan" and not all(weights_path(name) for name in FAN_WEIGHTS):
            print(f"{backend:8} not measured: its weights are not on this machine (merlib weights list)")
            continue
        (one, cpu), (two, _) = (faces_a_second(frame, backend, count, workers) for workers in (1, 2))
        print(f"{backend:8} {one:10.1f} {two:10.1f}          {two / one:8.2f} {cpu:10.1f}")


if __name__ == "__main__":
    main()

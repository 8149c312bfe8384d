"""How long each stage of watching takes, and how many frames a second that makes, on one core.

``python tests/benchmarks/bench_watch.py`` watches SYNTHETIC people at three sizes, one, two and four at a time. Frames
are read from a video that lies in memory as JPEG pictures, so that decoding is timed too and drawing the people is not.
Each row holds medians over the frames. The load before and after stands beside it, for on a busy machine the times are
those of the crowd, and only their ratios can be compared; processor time (``cpu``) suffers less. ``--hour`` loops one
clip for an hour of video, or for ``--minutes``, and prints the memory in use sixty times on the way.
"""

from __future__ import annotations

import argparse
import os
import resource
import time

import numpy as np
import pandas as pd

SIZES = {"640x480": (640, 480), "1280x720": (1280, 720), "1920x1080": (1920, 1080)}
STAGES = ("decode", "track", "motion and spot", "draw")


def encoded(size: tuple[int, int], people: int, frames: int) -> list[bytes]:
    """Return a short clip as JPEG pictures."""
    import cv2

    from merlib.datasets.recordings import LongRecording, plan_recording

    recording = LongRecording(plan_recording(101, max(frames / 30, 1.0), 30, size, people))
    return [cv2.imencode(".jpg", recording.frame(i)[..., ::-1], [1, 92])[1].tobytes() for i in range(frames)]


def timed(pictures: list[bytes], rounds: int) -> dict[str, float]:
    """Return the median milliseconds of each stage, and of the whole, over some rounds through the pictures."""
    import cv2

    from merlib.watching.drawing import draw
    from merlib.watching.video import VideoFrame
    from merlib.watching.watcher import Watcher

    watcher, rows, index = Watcher(), [], 0
    for turn in range(rounds):
        for picture in pictures if turn % 2 == 0 else reversed(pictures):  # to and fro: no jump at the seam
            begun, busy = time.perf_counter(), time.process_time()
            frame = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
            read = time.perf_counter()
            before = dict(watcher.took)
            seen = watcher.step(VideoFrame(index, index / 30, frame))
            stepped = time.perf_counter()
            draw(frame, seen, index)
            drawn = time.perf_counter()
            stages = {name: watcher.took[name] - before[name] for name in ("track", "motion and spot")}
            rows.append({"decode": read - begun, **stages, "draw": drawn - stepped, "all": drawn - begun})
            rows[-1]["cpu"] = time.process_time() - busy
            index += 1
    table = pd.DataFrame(rows[10:])
    result = {name: 1000 * float(table[name].median()) for name in (*STAGES, "all", "cpu")}
    return result | {"mean of all": 1000 * float(table["all"].mean()), "looks": watcher.tracker.looks}


def memory(size: tuple[int, int], minutes: float) -> None:
    """Watch minutes of video, a clip to and fro, and print the memory in use."""
    import cv2

    from merlib.watching.video import VideoFrame
    from merlib.watching.watcher import Watcher

    frames = [cv2.imdecode(np.frombuffer(p, np.uint8), cv2.IMREAD_COLOR) for p in encoded(size, 1, 60)]
    watcher, count = Watcher(), round(30 * 60 * minutes)
    for index in range(count + 1):
        if index % max(count // 60, 1) == 0:
            with open("/proc/self/statm", encoding="ascii") as file:
                now = int(file.read().split()[1]) * resource.getpagesize() / 2**20
            print(f"frame {index}: {now:.1f} MiB, {len(watcher.events)} events", flush=True)
        at = index % 118
        watcher.step(VideoFrame(index, index / 30, frames[at if at < 60 else 118 - at]))


def main() -> None:
    """Print one row a size and number of faces."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=45)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--faces", nargs="+", type=int, choices=(1, 2, 4), default=[1, 2, 4])
    parser.add_argument("--hour", action="store_true")
    parser.add_argument("--minutes", type=float, default=60.0, help="of video, for --hour")
    asked = parser.parse_args()
    import cv2

    cv2.setNumThreads(1)
    if asked.hour:
        memory(SIZES[asked.sizes[0]], asked.minutes)
        return
    first = None
    for size in asked.sizes:
        for people in asked.faces:
            before = os.getloadavg()[0]
            row = timed(encoded(SIZES[size], people, asked.frames), asked.rounds)
            first = first or row["all"]
            row |= {
                "frames a second": 1000 / row["all"],
                "by cpu": 1000 / row["cpu"],
                "ratio to the first row": row["all"] / first,
            }
            shown = {name: value if isinstance(value, str) else round(value, 2) for name, value in row.items()}
            print(f"{size}, {people} faces:", shown | {"load": f"{before:.1f} to {os.getloadavg()[0]:.1f}"}, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()

"""A long recording: any frame of it, the events that happen, and where every face is. SYNTHETIC.

The wall, the clothes and each person's picture are drawn once. For a frame the heads are warped and laid over the wall,
and noise is added from a few sheets made in advance. Frames are the same in whatever order they are read.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from functools import cached_property

import numpy as np
import pandas as pd

from merlib.datasets.recordings.courses import Course, person_course
from merlib.datasets.recordings.head import Head
from merlib.datasets.recordings.plan import RecordingPlan
from merlib.datasets.twin.people import stream
from merlib.datasets.twin.population import EDITION, POLARITIES

LAYOUTS = {1: (1, 1), 2: (2, 1), 3: (2, 2), 4: (2, 2)}  # people: columns, rows
ROOM = (3.0, 4.3)  # width and height of the room that a person needs, inter-ocular distances
LARGEST = 0.23  # largest distance of the eyes, as a share of the frame's height
EYES = 0.46  # how far down in a person's field the eyes are, as a share of its height
NOISE, SHEETS = 1.8, 7  # noise, grey levels rms; number of sheets of noise, of which one is laid with a random shift


class LongRecording:
    """Frames and truth of a planned recording.

    Parameters
    ----------
    plan : RecordingPlan
        What happens in it.
    """

    def __init__(self, plan: RecordingPlan):
        self.plan = plan

    synthetic = True
    classes = POLARITIES

    @property
    def name(self) -> str:
        """The recording's name in records."""
        return f"recording-twin-{self.plan.seed}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of a record must know: that the recording is SYNTHETIC, and how it was made."""
        plan = self.plan
        size = f"{plan.size[0]} x {plan.size[1]} px"
        told = f"{plan.people} people, {size}, {plan.seconds:g} s, {plan.fps:g} frames a second"
        return (f"SYNTHETIC recording of the twin, seed {plan.seed}: {told}",)

    @property
    def digest(self) -> str:
        """SHA-256 of the plan and the twin's edition: equal for recordings that show the same."""
        return hashlib.sha256(f"{EDITION}: {self.plan!r}".encode()).hexdigest()

    def __len__(self) -> int:
        return self.plan.n_frames

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self.frame(index) for index in range(len(self)))

    @cached_property
    def unit(self) -> float:
        """Distance of the eyes, px."""
        width, height = self.field
        return min(width / ROOM[0], height / ROOM[1], LARGEST * self.plan.size[1])

    @property
    def field(self) -> tuple[int, int]:
        """Width and height of the part of a frame that one person has, px."""
        columns, rows = LAYOUTS[self.plan.people]
        return self.plan.size[0] // columns, self.plan.size[1] // rows

    @cached_property
    def heads(self) -> list[Head]:
        """The people, ready to be drawn."""
        width, height = self.field
        origin = (width / 2, EYES * height)
        people = range(self.plan.people)
        return [Head(self.plan.seed, self.plan.subject(p), self.field, self.unit, origin) for p in people]

    @cached_property
    def courses(self) -> list[Course]:
        """What each person does in every frame."""
        return [person_course(self.plan, person) for person in range(self.plan.people)]

    def place(self, person: int, index: int) -> tuple[int, int]:
        """Return left and top of a person's field in a frame, px; it may lie outside the frame."""
        (width, height), columns = self.field, LAYOUTS[self.plan.people][0]
        left, top = (person % columns) * width, (person // columns) * height
        path = self.plan.paths.get(person)
        if path:
            t, dx, dy = zip(*path, strict=True)
            now = index / self.plan.fps
            left += round(float(np.interp(now, t, dx)) * self.plan.size[0])
            top += round(float(np.interp(now, t, dy)) * self.plan.size[1])
        return left, top

    def landmarks(self, person: int, index: int) -> np.ndarray:
        """Return the 68 landmarks of a person in a frame, px, (68, 2); they may lie outside the frame."""
        course = self.courses[person]
        points = self.heads[person].points(course.muscles[index], course.head[index])
        return points + self.place(person, index)

    def frame(self, index: int) -> np.ndarray:
        """Draw a frame, uint8 (H, W, 3) RGB."""
        import cv2

        frame = self._at_rest.copy()
        for person in range(self.plan.people):
            self._draw(frame, person, index)
        more, less = self._noise
        rng = np.random.default_rng([self.plan.seed, index])
        sheet, x, y = rng.integers(len(more)), *rng.integers(0, 16, 2)
        width, height = self.plan.size
        cv2.add(frame, more[sheet, y : y + height, x : x + width], dst=frame)
        return cv2.subtract(frame, less[sheet, y : y + height, x : x + width], dst=frame)

    def _draw(self, frame: np.ndarray, person: int, index: int) -> None:
        """Draw one person over the frame; of a person who stays in place, only the part where the head is."""
        import cv2

        head, course, moves = self.heads[person], self.courses[person], person in self.plan.paths
        left, top = self.place(person, index)
        layer = head.layer(course.muscles[index], course.head[index])
        field = (left, top, left + self.field[0], top + self.field[1])
        box = field if moves or layer is None else shifted(layer.box, left, top)
        inside = np.s_[max(box[1], 0) : max(box[3], 0), max(box[0], 0) : max(box[2], 0)]
        part = (frame if moves else self._wall)[inside].astype(np.float32)
        corner = (max(box[0], 0), max(box[1], 0))
        if layer is not None:
            _lay(part, shifted(layer.box, left - corner[0], top - corner[1]), layer.colour, layer.bare)
        self._dress(part, person, left - corner[0], top - corner[1])
        if part.size:
            frame[inside] = cv2.convertScaleAbs(part)

    def _dress(self, part: np.ndarray, person: int, left: int, top: int) -> None:
        colour, bare, first = self._clothes[person]
        _lay(part, (left, top + first, left + colour.shape[1], top + first + len(colour)), colour, bare)

    @cached_property
    def _at_rest(self) -> np.ndarray:
        """The wall with the clothes of the people who do not move through the picture, uint8 (H, W, 3)."""
        import cv2

        still = self._wall.copy()
        for person in range(self.plan.people):
            if person not in self.plan.paths:
                self._dress(still, person, *self.place(person, 0))
        return cv2.convertScaleAbs(still)

    @cached_property
    def _wall(self) -> np.ndarray:
        import cv2

        rng = stream(self.plan.seed, "recording", "wall")
        uneven = cv2.resize(rng.normal(0, 5, (6, 6)).astype(np.float32), self.plan.size, interpolation=cv2.INTER_CUBIC)
        return (np.array([126, 130, 134], np.float32) + rng.normal(0, 10) + uneven[..., None]).astype(np.float32)

    @cached_property
    def _clothes(self) -> list[tuple[np.ndarray, np.ndarray, int]]:
        """Per person: RGB of the clothes multiplied by their cover, 1 - cover, and the first row that is not empty."""
        worn = []
        for head in self.heads:
            first = int(np.argmax((head.clothes[..., 3] > 0).any(axis=1)))
            part = head.clothes[first:]
            worn.append((np.ascontiguousarray(part[..., :3]), 1 - part[..., 3:], first))
        return worn

    @cached_property
    def _noise(self) -> tuple[np.ndarray, np.ndarray]:
        rng, (width, height) = stream(self.plan.seed, "recording", "noise"), self.plan.size
        sheets = NOISE * rng.standard_normal((SHEETS, height + 16, width + 16, 3), dtype=np.float32)
        return np.rint(sheets.clip(0, 20)).astype(np.uint8), np.rint((-sheets).clip(0, 20)).astype(np.uint8)

    def events(self) -> pd.DataFrame:
        """Return the truth with one row per event: ``person kind onset apex offset label``, frames from 0.

        The onset is the last frame at rest before the event, the offset the first frame at rest after it.
        """
        fps, rows = self.plan.fps, []
        for event in self.plan.events:
            onset, offset = math.floor(event.onset * fps), math.ceil(event.offset * fps)
            apex = min(max(round(event.apex * fps), onset + 1), max(offset - 1, onset + 1))
            rows.append((event.person, event.kind, onset, apex, min(offset, len(self) - 1), event.label))
        return pd.DataFrame(rows, columns=["person", "kind", "onset", "apex", "offset", "label"])


def shifted(box: tuple[int, int, int, int], x: int, y: int) -> tuple[int, int, int, int]:
    """Return a box (left, top, right, bottom) moved by x and y."""
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y


def _lay(frame: np.ndarray, box: tuple[int, int, int, int], colour: np.ndarray, bare: np.ndarray) -> None:
    """Lay colours, multiplied by their cover, over the part of a frame in the box (left, top, right, bottom)."""
    left, top = max(box[0], 0), max(box[1], 0)
    right, bottom = min(box[2], frame.shape[1]), min(box[3], frame.shape[0])
    if left >= right or top >= bottom:
        return
    part = np.s_[top - box[1] : bottom - box[1], left - box[0] : right - box[0]]
    under = frame[top:bottom, left:right]
    under *= bare[part]
    under += colour[part]

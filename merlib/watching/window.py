"""The last seconds of one face: its motion, its cuts, and the events that have settled in them. Of bounded size."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from merlib.faces.alignment import FaceCrop
from merlib.watching.aligned import Aligner
from merlib.watching.motion import FaceMotion, Regions, head_pose
from merlib.watching.spotting import MACRO, Rules, Spotted, spot

SECONDS, CUTS = 12.0, 7.0  # of motion and of cuts that are kept
OFTEN = 0.4  # seconds between two looks for events
SETTLED, SETTLED_MACRO = 1.0, 2.5  # seconds of what follows an event that are waited for
BEGINNING = 0.3  # seconds after a face appears in which nothing is told
TOLD = 32  # events that are remembered, so as not to be told twice
AWAY = 0.5  # seconds: a face that was away for longer begins anew


@dataclass(frozen=True, eq=False)
class Moment:
    """One frame of one face."""

    frame: int
    seconds: float
    moved: np.ndarray
    pose: np.ndarray


class FaceWindow:
    """Keeps what one face did lately, and tells events as they settle.

    Parameters
    ----------
    regions : Regions
    rules : Rules
    """

    def __init__(self, regions: Regions, rules: Rules):
        self.regions, self.rules = regions, rules
        self._begin()

    def _begin(self) -> None:
        self._aligner, self._motion = Aligner(), FaceMotion(self.regions)
        self.moments: deque[Moment] = deque()
        self.cuts: deque[tuple[int, float, np.ndarray]] = deque()
        self._told, self._looked, self._since = -1, -np.inf, None
        self._spans: deque[Spotted] = deque(maxlen=TOLD)

    def add(self, frame: int, seconds: float, picture: np.ndarray, landmarks: np.ndarray) -> list[Spotted]:
        """Take in a frame of the face and return the events that have settled with it.

        Parameters
        ----------
        frame : int
        seconds : float
        picture : ndarray (H, W, 3), uint8 BGR
            The whole frame; a small cut of it is kept.
        landmarks : ndarray (68, 2)
            px.
        """
        settled = self.finish() if self.moments and seconds - self.moments[-1].seconds > AWAY else []
        if self._since is None:
            self._since = self._looked = seconds
        cut, crop = self._aligner.cut(picture, landmarks)
        self._keep(frame, seconds, cut, crop, landmarks)
        if seconds - self._looked >= OFTEN:
            self._looked = seconds
            settled += self._settled(seconds)
        return settled

    def _keep(self, frame: int, seconds: float, cut: np.ndarray, crop: FaceCrop, landmarks: np.ndarray) -> None:
        moved = self._motion.measure(cut, crop, landmarks, seconds)
        self.moments.append(Moment(frame, seconds, moved, head_pose(landmarks)))
        self.cuts.append((frame, seconds, cut))
        while seconds - self.moments[0].seconds > SECONDS:
            self.moments.popleft()
        while seconds - self.cuts[0][1] > CUTS:
            self.cuts.popleft()

    def finish(self) -> list[Spotted]:
        """Return what had not settled when the video or the face went, and begin anew."""
        rest = self._settled(np.inf) if self.moments else []
        self._begin()
        return rest

    def _settled(self, now: float) -> list[Spotted]:
        frames = np.array([m.frame for m in self.moments])
        seconds = np.array([m.seconds for m in self.moments])
        moved, poses = (np.array([getattr(m, name) for m in self.moments]) for name in ("moved", "pose"))
        times, settled = dict(zip(frames.tolist(), seconds.tolist(), strict=True)), []
        for event in spot(frames, seconds, moved, poses, self.regions, self.rules):
            waited = now - times[event.offset] >= (SETTLED_MACRO if event.kind == MACRO else SETTLED)
            if waited and self._is_new(event) and times[event.apex] - self._since >= BEGINNING:
                settled.append(event)
        if settled:
            self._told = max(self._told, *(event.offset for event in settled))
            self._spans.extend(settled)
        return settled

    def _is_new(self, event: Spotted) -> bool:
        """Whether an event follows all that was told; a macro-expression may hold short ones that settled before it."""
        if event.kind != MACRO:
            return event.onset >= self._told
        return not any(
            event.onset <= told.offset
            and event.offset >= told.onset
            and (told.kind == MACRO or 2 * (told.offset - told.onset) >= event.offset - event.onset)
            for told in self._spans
        )

    def cut_of(self, frame: int) -> np.ndarray | None:
        """Return the kept cut nearest to a frame; None when the window has moved on."""
        if not self.cuts or frame < self.cuts[0][0] - 1:
            return None
        return min(self.cuts, key=lambda cut: abs(cut[0] - frame))[2]

    def activity(self) -> float:
        """Return how fast all regions but the lids move at the moment: rms, distances of the eye corners a second."""
        if len(self.moments) < 2:
            return 0.0
        last, before = self.moments[-1], self.moments[max(len(self.moments) - 4, 0)]
        change = (last.moved - before.moved) / max(last.seconds - before.seconds, 1e-3)
        lids = self.regions.members("lids")
        return float(np.sqrt((np.delete(change, lids, axis=0) ** 2).sum(axis=-1).mean()))

"""Which face is where, frame after frame, and who it is: the mesh is followed, the detector looks only when it must.

The face mesh of one frame says where to look in the next, so that following costs one small network a face. The
detector looks at the whole picture again when the mesh is unsure of a face, when there is none, and every `NEWCOMERS`
seconds for faces that have come. A face that comes back, or that another one covered, gets its old number when it
looks as it did: its head, shrunk to a few colours, is remembered and compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from merlib.faces.face import Face
from merlib.faces.landmarks import find_faces
from merlib.faces.mesh import SIDE, landmarks_of_mesh, mesh_points, square_of_mesh
from merlib.watching.aligned import averaged_down
from merlib.watching.looks import alike, look_around

UNSURE = 0.5  # score of the mesh below which the detector looks again
NEWCOMERS, NOBODY = 2.0, 0.5  # seconds between two looks at the whole picture: with faces, and without any
LARGEST = 640  # px, longer side of the picture that the detector looks at
SAME_PLACE = 0.6  # eye distances: nearer than this, two faces are one
LOST = 0.4  # seconds without a sure mesh after which a face is gone
REMEMBERED = 60.0  # seconds for which a face that is gone keeps its number
ALIKE = 0.88  # correlation of looks from which a newcomer may be a face that is gone
CROWD = 2.6  # eye distances: nearer than this, one head may cover part of another
APART_FOR, WAIT = 0.15, 1.5  # seconds that faces must stand apart to be told apart, and that a number is waited for
SHARE = 0.02  # of a new look in the remembered one, a frame


@dataclass(eq=False)
class Track:
    """One face being followed.

    Parameters
    ----------
    number : int
        From 1; the same person keeps it.
    mesh : ndarray (468, 2)
        px of the frame.
    score : float
        How sure the mesh is, 0 to 1.
    seen : float
        Seconds at which it was last sure.
    look : ndarray, optional
        How the head looks, remembered while no other face was near.
    crowded : float
        Seconds at which another face was last near enough to be taken for this one; minus infinity when never.
    """

    number: int
    mesh: np.ndarray
    score: float
    seen: float
    landmarks: np.ndarray = field(default=None)
    look: np.ndarray | None = None
    crowded: float = -np.inf
    since: float = field(default=None)

    def __post_init__(self) -> None:
        self.since = self.seen if self.since is None else self.since
        if self.landmarks is None:
            self.landmarks = landmarks_of_mesh(self.mesh)

    @property
    def eyes(self) -> np.ndarray:
        """Middle between the eyes, px, (2,)."""
        return self.landmarks[36:48].mean(axis=0)

    @property
    def eye_distance(self) -> float:
        """Distance of the eye centres, px."""
        return float(np.hypot(*(self.landmarks[42:48].mean(axis=0) - self.landmarks[36:42].mean(axis=0))))

    @property
    def box(self) -> tuple[int, int, int, int]:
        """left, top, right, bottom of the mesh, px."""
        low, high = self.mesh.min(axis=0), self.mesh.max(axis=0)
        return (*np.floor(low).astype(int).tolist(), *np.ceil(high).astype(int).tolist())


class FaceTracker:
    """Follows every face of a video.

    Parameters
    ----------
    most : int
        Faces followed at once; the largest are taken.
    """

    def __init__(self, most: int = 8):
        self.most = most
        self.tracks: list[Track] = []
        self.gone: list[Track] = []
        self.looks = 0  # how often the detector looked
        self._looked = -np.inf
        self._next = 1

    def step(self, frame: np.ndarray, seconds: float) -> list[Track]:
        """Follow the faces into a frame.

        Parameters
        ----------
        frame : ndarray (H, W, 3), uint8 BGR
            As OpenCV reads it; looked at and not kept.
        seconds : float
            Its time.

        Returns
        -------
        list of Track
            The faces that are seen in this frame, by number.
        """
        for track in self.tracks:
            mesh, track.score = follow(frame, track.mesh)
            if track.score >= UNSURE:
                track.mesh, track.landmarks, track.seen = mesh, landmarks_of_mesh(mesh), seconds
        self._part_doubles(frame)
        unsure = any(track.score < UNSURE for track in self.tracks)
        pause = NEWCOMERS if self.tracks and not unsure else NOBODY if not self.tracks else 0.1
        if seconds - self._looked >= pause:
            self._look(frame, seconds)
        for track in [track for track in self.tracks if seconds - track.seen > LOST]:
            self._lose(track)
        self.gone = [track for track in self.gone if seconds - track.seen <= REMEMBERED]
        self._tell_apart(frame, [track for track in self.tracks if track.seen == seconds], seconds)
        named = (track for track in self.tracks if track.seen == seconds and track.number)
        return sorted(named, key=lambda track: track.number)

    def _lose(self, track: Track) -> None:
        self.tracks.remove(track)
        self.gone.append(track)

    def _look(self, frame: np.ndarray, seconds: float) -> None:
        self._looked, self.looks = seconds, self.looks + 1
        for face in look_for_faces(frame)[: self.most]:
            near = [track for track in self.tracks if _apart(track, face) < SAME_PLACE]
            if near:
                track = min(near, key=lambda track: _apart(track, face))
                if track.seen < seconds:
                    track.mesh, track.landmarks, track.score, track.seen = (
                        face.mesh,
                        face.landmarks,
                        face.score,
                        seconds,
                    )
            elif len(self.tracks) < self.most:
                self._welcome(frame, face, seconds)

    def _welcome(self, frame: np.ndarray, face: Face, seconds: float) -> None:
        track = Track(0, face.mesh, face.score, seconds, face.landmarks)
        lost = [each for each in self.tracks if each.seen < seconds]  # unsure where they were: may have moved here
        confusable = self.gone or lost or any(each.crowded > seconds - WAIT for each in self.tracks)
        self.tracks.append(track)
        if self._crowd(track) and confusable:
            track.crowded = seconds  # it gets its number when it stands apart
            return
        look = look_around(frame, track.eyes, track.eye_distance)
        known = [(alike(look, each.look), each) for each in (*self.gone, *lost) if each.look is not None]
        likeness, before = max(known, key=lambda pair: pair[0], default=(0.0, None))
        if before is not None and likeness >= ALIKE:
            (self.gone if before in self.gone else self.tracks).remove(before)
            track.number, track.look = before.number, before.look
        elif slipped := self._slipped(frame, look):
            track.number, track.look = slipped.number, slipped.look
            slipped.number, slipped.look, slipped.since, slipped.crowded = 0, None, seconds, seconds  # told apart later
        else:
            self._number(track)

    def _slipped(self, frame: np.ndarray, look: np.ndarray) -> Track | None:
        """Return the track whose remembered look a newcomer bears, while the face that it follows does not bear it.

        Where one head comes out behind another, the mesh can slip from one to the other without being unsure.
        """
        for each in self.tracks:
            if each.look is None or alike(look, each.look) < ALIKE:
                continue
            if alike(look_around(frame, each.eyes, each.eye_distance), each.look) < ALIKE:
                return each
        return None

    def _number(self, track: Track) -> None:
        track.number, self._next = self._next, self._next + 1

    def _crowd(self, track: Track) -> bool:
        return any(
            np.hypot(*(track.eyes - other.eyes)) < CROWD * max(track.eye_distance, other.eye_distance)
            for other in self.tracks
            if other is not track
        )

    def _tell_apart(self, frame: np.ndarray, seen: list[Track], seconds: float) -> None:
        """Remember how faces look that stand apart, and find out anew who those are that have just come apart."""
        parted = []
        for track in seen:
            if self._crowd(track):
                track.crowded = seconds
                if not track.number and track.look is None and seconds - track.since > WAIT:
                    self._number(track)
            elif seconds - track.crowded <= WAIT:
                if seconds - track.crowded >= APART_FOR:
                    parted.append(track)
            elif track.look is None:
                track.look = look_around(frame, track.eyes, track.eye_distance)
                if not track.number:
                    self._number(track)
            else:
                track.look += np.float32(SHARE) * (look_around(frame, track.eyes, track.eye_distance) - track.look)
        if parted:
            self._who(frame, parted)

    def _who(self, frame: np.ndarray, parted: list[Track]) -> None:
        """Give every face that has come apart from others the number of the remembered look it is most like."""
        known = {each.number: each.look for each in (*self.gone, *parted) if each.number and each.look is not None}
        looks = [look_around(frame, track.eyes, track.eye_distance) for track in parted]
        pairs = [(alike(look, known[number]), i, number) for i, look in enumerate(looks) for number in known]
        taken: dict[int, int] = {}
        for likeness, i, number in sorted(pairs, reverse=True):
            if likeness >= ALIKE and i not in taken and number not in taken.values():
                taken[i] = number
        own = {track.number for track in parted}
        self.gone = [each for each in self.gone if each.number not in taken.values()]
        for i, track in enumerate(parted):
            track.crowded = -np.inf
            if i in taken:
                track.number, track.look = taken[i], known[taken[i]]
            elif not track.number or track.number in taken.values():
                self._number(track)
                track.look = looks[i]
        for number in own - {track.number for track in parted} - {0}:
            if number in known:
                self.gone.append(Track(number, parted[0].mesh, 0.0, parted[0].seen, look=known[number]))

    def _part_doubles(self, frame: np.ndarray) -> None:
        """Where two tracks have come to follow one face, keep the one that it looks like."""
        for one in list(self.tracks):
            for other in list(self.tracks):
                if one.number < other.number and one in self.tracks and other in self.tracks:
                    apart = np.hypot(*(one.eyes - other.eyes)) / max(one.eye_distance, other.eye_distance)
                    if apart < SAME_PLACE / 2:
                        look = look_around(frame, one.eyes, one.eye_distance)
                        likeness = [alike(look, each.look) if each.look is not None else 0.0 for each in (one, other)]
                        self._lose(other if likeness[0] >= likeness[1] else one)


def follow(frame: np.ndarray, mesh: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the mesh (468, 2) and its score in a frame, looked for where `mesh` was in the frame before.

    Only the square around the face is read, and of a large face averaged down before anything else is done to it.
    """
    import cv2

    square = square_of_mesh(mesh)
    corners = np.array([[0, 0], [SIDE, 0], [0, SIDE], [SIDE, SIDE]]) @ square[:, :2].T + square[:, 2]
    low = np.maximum(np.floor(corners.min(axis=0)) - 2, 0).astype(int)
    high = np.minimum(np.ceil(corners.max(axis=0)) + 3, frame.shape[1::-1]).astype(int)
    if (high - low < 16).any():
        return mesh, 0.0
    part, step, shrink = frame[low[1] : high[1], low[0] : high[0]], np.ones(2), float(np.hypot(*square[:, 0]))
    if shrink >= 2:
        part, step = averaged_down(part, shrink)
    there = square.copy()
    there[:, 2] -= low
    there = np.column_stack([there[:, :2] / step[:, None], (there[:, 2] + 0.5) / step - 0.5])
    points, logit = mesh_points(cv2.cvtColor(part, cv2.COLOR_BGR2RGB), there)
    points = (points + 0.5) * step - 0.5
    score = float(1 / (1 + np.exp(-logit)))
    return (points + low).astype(np.float32), score if np.ptp(points[:, 0]) > 8 else 0.0


def look_for_faces(frame: np.ndarray) -> list[Face]:
    """Find every face of a BGR frame, largest first, on a picture of at most `LARGEST` px."""
    import cv2

    scale = min(1.0, LARGEST / max(frame.shape[:2]))
    small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else frame
    found = find_faces(cv2.cvtColor(small, cv2.COLOR_BGR2RGB))
    factor = np.array([frame.shape[1] / small.shape[1], frame.shape[0] / small.shape[0]], np.float32)

    def large(points: np.ndarray) -> np.ndarray:
        return (points + np.float32(0.5)) * factor - np.float32(0.5)

    return [
        Face(tuple(np.ravel(large(np.reshape(f.box, (2, 2))))), large(f.landmarks), f.score, large(f.mesh))
        for f in found
    ]


def _apart(track: Track, face: Face) -> float:
    return float(np.hypot(*(track.eyes - face.eyes.mean(axis=0)))) / max(track.eye_distance, face.eye_distance)

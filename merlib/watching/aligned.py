"""Each face cut alike: level, from the brows to the chin, always of one size, however the head moves.

The cut is the one of `merlib.faces.plan_crop`, so that what is measured on it is what models were trained on. Its turn,
place and size follow smoothed landmarks: they tremble by a fraction of a pixel, and the cut would tremble with them.
What the smoothing lags behind is a shift, a turn and a change of size, which `motion` takes out again.
"""

from __future__ import annotations

import numpy as np

from merlib.faces.alignment import FaceCrop, plan_crop

SIZE = (140, 112)  # rows and columns of the cut, px: its usual proportions
CALM, QUICK = 0.15, 0.04  # share of new landmarks in a still face; movement, eye distances, that is followed at once


class Aligner:
    """Cuts one face out of frame after frame."""

    def __init__(self) -> None:
        self.landmarks: np.ndarray | None = None

    def cut(self, frame: np.ndarray, landmarks: np.ndarray) -> tuple[np.ndarray, FaceCrop]:
        """Cut a face out of a frame.

        Parameters
        ----------
        frame : ndarray (H, W, 3), uint8
        landmarks : ndarray (68, 2)
            px of the frame, as found in it.

        Returns
        -------
        picture : ndarray (`SIZE`, 3), uint8
            In the frame's own order of colours.
        crop : FaceCrop
            Where it was cut.
        """
        crop = plan_crop(self._smoothed(landmarks))
        return cut_small(frame, crop), crop

    def _smoothed(self, landmarks: np.ndarray) -> np.ndarray:
        if self.landmarks is None:
            self.landmarks = landmarks.astype(np.float32)
            return self.landmarks
        unit = max(float(np.hypot(*(landmarks[45] - landmarks[36]))), 1.0)
        moved = float(np.hypot(*(landmarks - self.landmarks).mean(axis=0))) / unit
        share = np.float32(min(1.0, CALM + moved / QUICK))
        self.landmarks = self.landmarks + share * (landmarks - self.landmarks)
        return self.landmarks


def cut_small(frame: np.ndarray, crop: FaceCrop, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Cut a face straight to `size`; of a large face, only the part of the frame around it is averaged down first.

    Reading single pixels of a fine picture would let noise move in no relation to the face (`faces.shrinking`).
    """
    import cv2

    matrix = crop.matrix(size)
    scale = 1 / max(float(np.sqrt(abs(np.linalg.det(matrix[:, :2])))), 1e-6)  # px of the frame a px of the cut
    if scale > 1.5:
        inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]
        corners = np.array([[0, 0], [size[1], 0], [0, size[0]], size[::-1]]) @ inverse[:, :2].T + inverse[:, 2]
        low = np.maximum(np.floor(corners.min(axis=0)) - 2, 0).astype(int)
        high = np.minimum(np.ceil(corners.max(axis=0)) + 3, frame.shape[1::-1]).astype(int)
        if (high - low >= 4).all():
            frame, step = averaged_down(frame[low[1] : high[1], low[0] : high[0]], scale)
            # small px -> frame px: x = (s + .5) * step - .5 + low
            offset = matrix[:, :2] @ (0.5 * step - 0.5 + low) + matrix[:, 2]
            matrix = np.column_stack([matrix[:, :2] * step, offset])
    flags = cv2.INTER_LINEAR
    return cv2.warpAffine(frame, matrix, size[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)


def averaged_down(part: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Average a part of a frame down by about `scale`, which is above 1.

    From 2 on by a whole number, which OpenCV does several times as fast; what is left of `scale` is below 1.5.

    Returns
    -------
    picture : ndarray
    step : ndarray (2,)
        px of the part that a px of the picture stands for, across and down.
    """
    import cv2

    rows, columns = part.shape[:2]
    whole = int(scale)
    if whole >= 2 and min(rows, columns) >= whole:
        part = part[: rows // whole * whole, : columns // whole * whole]
        size = part.shape[1] // whole, part.shape[0] // whole
    else:
        size = max(round(columns / scale), 1), max(round(rows / scale), 1)
    return cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.array(part.shape[1::-1]) / size

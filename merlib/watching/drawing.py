"""What is written on a frame: a box, a number and a label at each face, the frame's number, and what this is for."""

from __future__ import annotations

import numpy as np

from merlib.watching.watcher import SeenFace

INTENDED = "Research and teaching, not the judging of people."
# Okabe and Ito's palette, BGR: colour-blind readers tell them apart.
COLOURS = ((178, 114, 0), (0, 159, 230), (115, 158, 0), (0, 94, 213), (167, 121, 204), (233, 180, 86))
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def face_colour(number: int) -> tuple[int, int, int]:
    """Return the colour of a face's box, BGR."""
    return COLOURS[(number - 1) % len(COLOURS)]


def draw(frame: np.ndarray, faces: list[SeenFace], index: int, mark: str = "") -> np.ndarray:
    """Draw faces and words on a frame, in place, and return it.

    Parameters
    ----------
    frame : ndarray (H, W, 3), uint8 BGR
    faces : list of SeenFace
    index : int
        Number of the frame.
    mark : str
        Written in front of the intended use, such as ``SYNTHETIC``.
    """
    import cv2

    thick = max(1, round(min(frame.shape[:2]) / 400))
    for face in faces:
        left, top, right, bottom = face.track.box
        colour = face_colour(face.track.number)
        cv2.rectangle(frame, (left, top), (right, bottom), colour, thick, cv2.LINE_AA)
        words = f"{face.track.number}"
        if face.event is not None:
            label = face.event.label or face.event.kind
            sure = f" {face.event.confidence:.2f}" if face.event.label else ""
            words += f"  {face.event.kind}: {label}{sure}" if face.event.label else f"  {label}"
        write(frame, words, (left, top - 4 * thick), colour)
    write(frame, f"frame {index}", (0, 4), BLACK, below=True)
    write(
        frame, " · ".join(filter(None, (mark, INTENDED))).replace("·", "-"), (6, frame.shape[0] - 6), BLACK, small=True
    )
    return frame


def write(
    frame: np.ndarray,
    text: str,
    at: tuple[int, int],
    colour: tuple[int, int, int],
    below: bool = False,
    small: bool = False,
) -> None:
    """Write a line on a plate of `colour`, kept inside the frame; `at` is its lower left corner, `below` its upper."""
    import cv2

    scale = max(0.38, min(frame.shape[:2]) / (1100 if small else 850))
    thick = max(1, round(scale * 1.6))
    (width, height), under = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    if width + 6 > frame.shape[1]:
        scale *= (frame.shape[1] - 6) / width
        (width, height), under = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    x = int(np.clip(at[0], 0, max(frame.shape[1] - width - 6, 0)))
    y = at[1] + height if below else at[1] - under
    y = int(np.clip(y, height + 2, frame.shape[0] - under - 1))
    cv2.rectangle(frame, (x, y - height - 3), (x + width + 6, y + under), colour, -1)
    cv2.putText(frame, text, (x + 3, y), cv2.FONT_HERSHEY_SIMPLEX, scale, WHITE, thick, cv2.LINE_AA)

"""What a spotted event is called: the model that is handed in sees it as it saw its training clips.

A model that reads maps gets the flow from the onset's cut to the apex's, head motion taken out, with its strain, 28 x
28, each channel stretched by its own range; one that reads pictures gets the apex's cut, or that less the onset's. The
number beside a label is
the model's own probability. It ranks the classes and is not calibrated: .8 does not mean right in eight of ten cases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from merlib.errors import unknown_name
from merlib.faces.shrinking import shrink
from merlib.inputs.maps import flow_channels, minmax255
from merlib.motion.flow import dense_flow
from merlib.motion.steadying import affine_field, affine_motion

READS = ("flow", "frames", "change")


@dataclass(frozen=True)
class EventModel:
    """A trained model, as events are handed to it.

    Parameters
    ----------
    name : str
    classes : tuple of str
    predict : callable
        Takes an array (1, 3, size, size) - a map 0..255, a picture 0..1, or a change
        -1..1 - and returns probabilities (classes,).
    reads : {'flow', 'frames', 'change'}
    size : int
        Side of its input, px.
    trained_on : str
        What it was trained on, for the screen.
    """

    name: str
    classes: tuple[str, ...]
    predict: Callable[[np.ndarray], np.ndarray]
    reads: str = "flow"
    size: int = 28
    trained_on: str = ""

    def __post_init__(self) -> None:
        if self.reads not in READS:
            raise unknown_name("input of a model", self.reads, READS)


def classify(model: EventModel, onset: np.ndarray, apex: np.ndarray) -> tuple[str, float]:
    """Return an event's label and the model's probability of it.

    Parameters
    ----------
    model : EventModel
    onset, apex : ndarray (H, W, 3), uint8 BGR
        Aligned cuts.
    """
    scores = np.asarray(model.predict(event_input(model, onset, apex)[None]), float).ravel()
    best = int(scores.argmax())
    return model.classes[best], float(scores[best])


def event_input(model: EventModel, onset: np.ndarray, apex: np.ndarray) -> np.ndarray:
    """Return what the model is given of an event, float32 (3, size, size)."""
    if model.reads != "flow":
        last, first = (picture_of(cut, model.size) for cut in (apex, onset))
        return last - first if model.reads == "change" else last
    return event_map(onset, apex, model.size)


def picture_of(cut: np.ndarray, size: int) -> np.ndarray:
    """Return a cut (H, W, 3), uint8 BGR, as a network of pictures sees it: RGB 0..1, float32 (3, size, size)."""
    picture = shrink(np.ascontiguousarray(cut[..., ::-1]), (size, size))
    return (picture.astype(np.float32) / 255).transpose(2, 0, 1)


def event_map(onset: np.ndarray, apex: np.ndarray, size: int = 28) -> np.ndarray:
    """Return the map of an event, float32 (3, size, size): u, v and strain, each stretched to 0..255."""
    flow = dense_flow(onset[..., ::-1], apex[..., ::-1], "dis")
    flow = flow - affine_field(affine_motion(flow), flow.shape[:2])
    return minmax255(flow_channels(flow, size))

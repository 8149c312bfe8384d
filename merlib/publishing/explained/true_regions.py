"""Where the faces of the SYNTHETIC twin move: the truth with which maps of attention are compared.

Only the motion of the skin by the clip's action units counts. The head's motion moves the whole map, and the lids blink
independently of the expression, so neither counts. A place belongs to the moving region when it moves more than half
as far as the clip's fastest place.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from merlib.clips.landmarks68 import canonical_face, crop_grid, face_to_map, inside_face
from merlib.clips.puzzle import canonical_puzzle
from merlib.clips.samples import Samples
from merlib.datasets.registry import TWINS
from merlib.datasets.twin.flow import MAP, true_motion
from merlib.datasets.twin.population import ClipPlan, HeadMotion, plan_population
from merlib.datasets.twin.rendering.rendered import RenderedClip, twin_clips
from merlib.errors import MerlibError

LIDS = "45"  # the action unit of a blink
FAST = 0.5  # share of the motion of the clip's fastest place
STILL = HeadMotion(0.0, 0.0, 0.0, 0.0)


@lru_cache(maxsize=4)
def _plans(population: str) -> dict[str, ClipPlan]:
    return {f"{plan.dataset}/{plan.subject}/{plan.clip}": plan for plan in plan_population(population)}


def plans_of(samples: Samples) -> list[ClipPlan]:
    """Return the plan from which the twin made each row of its flow maps.

    Raises
    ------
    MerlibError
        When the rows are not the twin's.
    """
    known = _plans(samples.name) if samples.synthetic else {}
    missing = [key for key in samples.keys if key not in known]
    if missing:
        found = f"{samples.name}: nobody knows how {missing[0]} moves."
        raise MerlibError(
            found, "clips of the SYNTHETIC twin, whose motion is known.", "leave --data out for this part."
        )
    return [known[key] for key in samples.keys]


def true_speed(samples: Samples) -> np.ndarray:
    """Return how far the action units move each place of each clip, float (N, 28, 28), flow pixels of the twin."""
    from skimage.transform import resize_local_mean

    units = [{code: level for code, level in p.action_units.items() if code[1:] != LIDS} for p in plans_of(samples)]
    plans = [replace(p, head=STILL, action_units=moving) for p, moving in zip(plans_of(samples), units, strict=True)]
    motion = true_motion(plans)
    return resize_local_mean(np.hypot(motion[:, 0], motion[:, 1]), (len(plans), *MAP))


def moving_regions(speed: np.ndarray, share: float = FAST) -> np.ndarray:
    """Return which places move faster than `share` of the fastest place's speed, bool like `speed` (N, H, W)."""
    return speed > share * speed.max((1, 2), keepdims=True)


def face_places() -> np.ndarray:
    """Return which places of a 28 x 28 map lie on the face, bool (28, 28); attention is compared only there."""
    return inside_face(crop_grid(MAP)).reshape(MAP) > 0.5


def in_puzzle(speed: np.ndarray) -> np.ndarray:
    """Return a speed (N, 28, 28) cut and pasted like Dual-ATME's puzzle of brows and mouth."""
    return canonical_puzzle(np.repeat(speed[:, None], 3, axis=1).astype(np.float32))[:, 0]


def face_under(samples: Samples, row: int, size: tuple[int, int] = (140, 112)) -> np.ndarray:
    """Return the onset frame of a clip of the twin, warped so that it lies under the clip's 28 x 28 map.

    Parameters
    ----------
    samples : Samples
        Flow maps of the twin.
    row : int
        Number of the row.
    size : (int, int)
        Rows and columns of the picture.

    Returns
    -------
    uint8 array (*size, 3)
        RGB picture of an invented person.
    """
    import cv2

    plan = plans_of(samples.take(np.array([row])))[0]
    clip = _rendered(samples.name)[plan.dataset, plan.subject, plan.clip]
    onset, source = clip
    points = canonical_face() * np.exp(plan.shape[2:]) + plan.shape[:2]  # on the crop, inter-ocular units
    matrix, _ = cv2.estimateAffine2D(source.true_landmarks(onset), face_to_map(points, size).astype(np.float32))
    return cv2.warpAffine(source.read(onset), matrix, size[::-1], flags=cv2.INTER_AREA)


@lru_cache(maxsize=2)
def _rendered(population: str) -> dict[tuple[str, str, str], tuple[int, RenderedClip]]:
    table = twin_clips(TWINS.get(population, population.replace("megc2019-flow", "megc2019")))
    return {(row.dataset, row.subject, row.clip): (int(row.onset), row.source) for row in table.itertuples()}

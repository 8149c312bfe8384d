"""Measure how accurate each step of the preprocessing is, on clips of the synthetic twin, whose motion is known.

Every function takes one row of a rendered twin's clip table and returns rows of numbers. Nothing is averaged here, so
that intervals over clips or people can be computed from the rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from merlib.clips.clip_table import clip_key, frames
from merlib.errors import MerlibError
from merlib.inputs.cache import MotionCache, content_digest
from merlib.inputs.clip_samples import clip_parameters
from merlib.inputs.maps import flow_channels, flow_sequence
from merlib.inputs.parallel import over_clips
from merlib.inputs.preprocessing import MOTION_WEIGHTS, TRUTH, locate, motion_of, normal_sequence, preprocessing
from merlib.motion.apex import METHODS as APEX_METHODS
from merlib.motion.apex import spot_apex
from merlib.motion.flow import dense_flow, end_point_error
from merlib.motion.magnification.magnify import magnify
from merlib.sources.weights import weights_digest

MOVING = 0.25  # px; pixels whose true motion is smaller count as not moving
GAIN_STEPS = 4  # how often the motion of a magnified picture is measured, each time on what was left
Rows = list[dict[str, object]]


def _known(row) -> dict[str, object]:
    if not hasattr(row.source, "true_flow"):
        found = f"{clip_key(row)}: true motion is not known."
        raise MerlibError(found, "a clip of the rendered twin.", "measure on twin_clips(...).")
    return {"dataset": row.dataset, "subject": row.subject, "clip": row.clip}


def face_errors(row, backend: str = "mesh") -> Rows:
    """Return, for onset and apex, whether one face was found and how far its landmarks lie from the true ones.

    Returns
    -------
    list of dict
        Besides data set, subject and clip: ``frame`` (onset or apex), ``found`` (whether exactly one face was), and
        ``nme``, the normalised mean error: the mean distance of the 68 landmarks to the true ones by the distance of
        the eyes; NaN where no single face was found.
    """
    from merlib.faces.landmarks import find_faces, given_faces

    known, rows = _known(row), []
    for name, index in (("onset", int(row.onset)), ("apex", int(row.source.true_apex))):
        faces = find_faces(frames(row, [index])[0], backend)
        truth = row.source.true_landmarks(index)
        entry = {**known, "frame": name, "found": len(faces) == 1, "nme": np.nan}
        if len(faces) == 1:
            distance = np.linalg.norm(faces[0].landmarks - truth, axis=1).mean()
            entry["nme"] = float(distance / given_faces(truth)[0].eye_distance)
        rows.append(entry)
    return rows


def flow_errors(row, methods: Sequence[str], crop: tuple[int, int] | None = None) -> Rows:
    """Return the end-point error of each flow method between onset and apex, where the truth moves.

    Parameters
    ----------
    row : named tuple
        A row of a rendered twin's clip table.
    methods : sequence of str
        Methods of `dense_flow`.
    crop : (int, int), optional
        Rows and columns of the cut face on which motion is measured; by default the frame's own resolution is kept.

    Returns
    -------
    list of dict
        ``method``; ``error`` and ``zero`` (the error of a field of zeros), px; and ``share``, the first divided by the
        second. Empty for a clip in which no pixel moves farther than `MOVING`.
    """
    known = _known(row)
    how = preprocessing("flow", flow=TRUTH)
    found = replace(locate(row, how), apex=int(row.source.true_apex))
    how = replace(how, crop=crop or found.crop.shape)
    truth = motion_of(found, how)
    if np.linalg.norm(truth, axis=-1).max() <= MOVING:
        return []
    rows = []
    for method in methods:
        error, zero = end_point_error(motion_of(found, replace(how, flow=method)), truth, MOVING)
        rows.append({**known, "method": method, "error": error, "zero": zero, "share": error / zero})
    return rows


def apex_errors(row, methods: Sequence[str] = APEX_METHODS) -> Rows:
    """Return how far the apex found by each method is from the true one: ``method``, ``frames`` and ``seconds``."""
    known, rows = _known(row), []
    how = preprocessing("flow")
    found = locate(row, replace(how, apex="middle"))
    clip = found.cut(list(range(row.onset, row.offset + 1)), how.crop)
    for method in methods:
        off = abs(int(row.onset) + spot_apex(clip, found.landmarks, method).index - int(row.source.true_apex))
        rows.append({**known, "method": method, "frames": off, "seconds": off / row.fps})
    return rows


def magnifier_gains(row, methods: Sequence[str], factors: Sequence[float], size: tuple[int, int] = (224, 224)) -> Rows:
    """Return by how much each magnifier really enlarges the motion from onset to apex, and what it spoils.

    The ideal picture is known: it is the onset, warped by the factor times the true motion.

    Parameters
    ----------
    row : named tuple
        A row of a rendered twin's clip table.
    methods : sequence of str
        Methods of `magnify`.
    factors : sequence of float
        Total ratios that are asked for.
    size : (int, int)
        Rows and columns of the cut face.

    Returns
    -------
    list of dict
        ``method`` and ``factor``. ``gain``: the measured motion (by TV-L1) along the true one, as a multiple of it,
        over moving pixels; since no flow method follows a magnified motion of 30 px at once, the picture is warped back
        by what was found, and measured again. ``artefact``: rms difference from the ideal picture, grey levels.
        ``noise``: rms change since the onset where the magnified true motion is below a twentieth of `MOVING`, grey
        levels. Empty for a clip in which no pixel moves farther than `MOVING`.
    """
    known = _known(row)
    how = preprocessing("flow", flow=TRUTH, crop=size)
    found = replace(locate(row, how), apex=int(row.source.true_apex))
    truth = motion_of(found, how)
    onset, apex = found.cut([int(row.onset), found.apex], size)
    speed = np.linalg.norm(truth, axis=-1)
    moving = speed > MOVING
    if not moving.any():
        return []
    before, rows = onset.astype(np.float32).mean(-1), []
    ideals = {factor: _moved(onset, factor * truth).mean(-1) for factor in factors}
    for method in methods:
        for factor in factors:
            picture = magnify((onset, apex), factor, method).frames[1]
            after = picture.astype(np.float32).mean(-1)
            difference, change = after - ideals[factor], after - before
            still = factor * speed < MOVING / 20
            rows.append(
                {
                    **known,
                    "method": method,
                    "factor": float(factor),
                    "gain": _gain(onset, picture, truth, moving),
                    "artefact": float(np.sqrt((difference**2).mean())),
                    "noise": float(np.sqrt((change[still] ** 2).mean())) if still.sum() >= 100 else np.nan,
                }
            )
    return rows


def sequence_agreement(row, variants: Mapping[str, Mapping[str, object]], size: int = 28) -> Rows:
    """Return how well a flow sequence, summed over its ten steps, agrees with the true motion between its ends.

    Parameters
    ----------
    row : named tuple
        A row of a rendered twin's clip table. Its true apex is used, so that errors of spotting do not count.
    variants : mapping of str to mapping
        Choices for `preprocessing("flow_sequence")` by name, such as ``{"rise": {"window": "rise"}}``.
    size : int
        Side of the maps that are compared, px.

    Returns
    -------
    list of dict
        ``variant``; ``whole``: correlation of u and v with the true motion from onset to apex; ``muscles``: correlation
        with the true motion without its affine part over the face, which is the muscles' motion.
    """
    from merlib.inputs.windows import around, rise

    known, rows = _known(row), []
    apex = int(row.source.true_apex)
    truth = {}
    for still in ("none", "affine"):
        how = preprocessing("flow", flow=TRUTH, unit="px", crop=(140, 112), steady=still)
        found = replace(locate(row, how), apex=apex)
        truth[still] = flow_channels(motion_of(found, how), size)[:2].ravel()
    for name, choices in variants.items():
        how = preprocessing("flow_sequence", size=size, unit="px", **choices)
        found = replace(locate(row, how), apex=apex)
        indices = rise(int(row.onset), apex) if how.window == "rise" else around(apex, row.n_frames)
        total = flow_sequence(normal_sequence(found, indices, how), size, how.flow)[:, :2].sum(0).ravel()
        whole, muscles = (_correlation(total, truth[still]) for still in ("none", "affine"))
        rows.append({**known, "variant": name, "whole": whole, "muscles": muscles})
    return rows


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    if first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def _gain(onset: np.ndarray, picture: np.ndarray, truth: np.ndarray, moving: np.ndarray) -> float:
    import cv2

    y, x = np.mgrid[: truth.shape[0], : truth.shape[1]].astype(np.float32)
    gain = 0.0
    for _ in range(GAIN_STEPS):
        u, v = (np.float32(gain) * truth).transpose(2, 0, 1)
        back = cv2.remap(picture, x + u, y + v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        rest = dense_flow(onset, back)
        step = float((rest * truth)[moving].sum() / (truth[moving] ** 2).sum())
        gain += step
        if abs(step) < 0.02 * max(gain, 1.0):
            break
    return gain


def _moved(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Return the picture with every pixel moved by the flow, float32 (H, W, 3); iteration finds the inverse map."""
    import cv2

    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    x, y = columns, rows
    flow = flow.astype(np.float32)
    for _ in range(10):
        back = cv2.remap(flow, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        x, y = columns - back[..., 0], rows - back[..., 1]
    return cv2.remap(image.astype(np.float32), x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def measure(
    table: pd.DataFrame,
    function: Callable,
    *arguments: object,
    workers: int | None = None,
    cache: MotionCache | None = None,
) -> pd.DataFrame:
    """Return the rows that a function of this module gives for every clip of `table`, in one DataFrame.

    Parameters
    ----------
    table : DataFrame
        A clip table of the rendered twin.
    function : callable
        Takes a row and `arguments`, returns a list of dict.
    *arguments
        Further arguments of `function`.
    workers : int, optional
        Number of processes, with one thread each; by default one per core.
    cache : MotionCache, optional
        Where the rows of each clip are kept; usually `Study.cache`.
    """
    from joblib import cpu_count

    tasks = [(function, row, arguments, cache) for row in table.itertuples(index=False)]
    found = over_clips(_measured, tasks, min(workers or cpu_count(), len(tasks)), function.__name__.replace("_", " "))
    return pd.DataFrame([entry for one in found for entry in one])


def _measured(function: Callable, row, arguments: tuple, cache: MotionCache | None) -> list[dict]:
    if cache is None:
        return function(row, *arguments)
    weights = {name: weights_digest(name) for name in MOTION_WEIGHTS}  # whichever of them `function` uses
    parameters = {**clip_parameters(row), "arguments": [repr(each) for each in arguments], "weights": weights}
    digest = content_digest(function.__name__, parameters, [])
    kept = cache.read(digest)
    if kept is not None:
        return json.loads(kept.tobytes())
    rows = function(row, *arguments)
    cache.write(digest, np.frombuffer(json.dumps(rows).encode(), np.uint8))
    return rows

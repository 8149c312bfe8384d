"""The twin's flow maps: the motion by action units and head between onset and apex, with noise, as networks see it.

The motion is sampled on a grid finer than the maps, strain is computed there (errata CROSS-X3: tensor magnitude, at the
flow's own resolution), and only then everything is reduced to 28 x 28. As in the public archive, each channel of each
map is then stretched to 0..255 by its own minimum and maximum and rounded, so zero motion has no fixed grey value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from merlib.clips.landmarks68 import CROP, canonical_face, crop_grid, inside_face
from merlib.clips.samples import UNITS, Samples
from merlib.code_digest import package_digest
from merlib.datasets.twin.action_units import activation_vector, basis
from merlib.datasets.twin.population import EDITION, POPULATIONS, SEED, ClipPlan, plan_population
from merlib.errors import unknown_name
from merlib.sources.expressions import tables_digest

GRID = (70, 56)  # rows and columns of the flow; pixels are square, since the crop is 1.25 times as high as wide
MAP = (28, 28)
PIXELS_PER_UNIT = GRID[1] / CROP[2]  # flow pixels per inter-ocular distance, 25.9
# Correlation lengths of the two kinds of noise along rows and columns, flow pixels; u first, then v. The structures at
# which v is estimated wrongly (brows, lids, lips) are wide and low.
SMOOTH_SIGMA = ((6.0, 6.5), (4.5, 8.0))
FINE_SIGMA = ((1.2, 1.2), (1.2, 1.2))
OF_PERSON = 0.30  # share of the noise variance that returns in every clip of a person
PLAIN_SKIN = 0.3  # noise on plain skin, as a share of that at the eyes
PIVOT = (0.0, 1.0)  # the head turns about the mouth, inter-ocular units


@lru_cache(maxsize=1)
def twin_code() -> str:
    """Return the digest of the code and the tables that draw the twin."""
    code = package_digest(Path(__file__).parent, ("*.py", "*.csv"))
    return hashlib.sha256(f"{code}{tables_digest()}".encode()).hexdigest()


def true_motion(plans: Sequence[ClipPlan]) -> np.ndarray:
    """Return the motion between onset and apex without any noise.

    Parameters
    ----------
    plans : sequence of ClipPlan
        The clips, N of them.

    Returns
    -------
    float32 array (N, 2, 70, 56)
        u (rightwards) and v (downwards) in pixels of this grid, of which 25.9 make an inter-ocular distance.
    """
    head = _head_motion(plans, crop_grid(GRID))
    motion = np.empty(head.shape, dtype=np.float32)
    for rows, face_points, scale in _by_shape(plans):
        activations = np.stack([activation_vector(plans[i].action_units) for i in rows])
        fields = basis(face_points) * scale  # displacement on the canonical face, scaled back to the person's face
        motion[rows] = np.tensordot(activations, fields, axes=1) + inside_face(face_points)[:, None] * head[rows]
    return PIXELS_PER_UNIT * motion.transpose(0, 2, 1).reshape(len(plans), 2, *GRID)


def _by_shape(plans: Sequence[ClipPlan]) -> Iterator[tuple[list[int], np.ndarray, np.ndarray]]:
    """Yield, for each face shape: rows of its clips, the grid in canonical face coordinates, the face's scale (2,)."""
    grid = crop_grid(GRID)
    order = sorted(range(len(plans)), key=lambda i: plans[i].shape)
    for shape, rows in groupby(order, key=lambda i: plans[i].shape):
        scale = np.exp(shape[2:])
        yield list(rows), (grid - shape[:2]) / scale, scale


def _head_motion(plans: Sequence[ClipPlan], grid: np.ndarray) -> np.ndarray:
    """Return rigid motion and change of size of the head to first order, (N, points, 2), inter-ocular units."""
    dx, dy, angle, log_scale = np.array([(p.head.dx, p.head.dy, p.head.angle, p.head.log_scale) for p in plans]).T
    x, y = (grid - PIVOT).T
    u = dx[:, None] + log_scale[:, None] * x - angle[:, None] * y
    v = dy[:, None] + log_scale[:, None] * y + angle[:, None] * x
    return np.stack([u, v], axis=-1)


def estimation_noise(plans: Sequence[ClipPlan]) -> np.ndarray:
    """Return the errors that a flow estimate would make, float32 (N, 2, 70, 56), in pixels of the grid.

    One part varies slowly over the face (as errors by the regulariser do), the other from pixel to pixel (as errors by
    sensor noise do). Both are strongest at brows, eyes, nostrils and mouth, whose texture an algorithm can mismatch.
    Every clip has its own random stream and level; a share `OF_PERSON` of the variance is the same in all clips of a
    person.
    """
    noise = np.zeros((len(plans), 2, *GRID), dtype=np.float32)
    white = np.empty((len(plans), 2, 2, *GRID), dtype=np.float32)
    persons = {seed: _white(seed) for seed in {plan.person_seed for plan in plans}}
    for i, plan in enumerate(plans):
        white[i] = np.sqrt(1 - OF_PERSON) * _white(plan.noise_seed)
        white[i] += np.sqrt(OF_PERSON) * persons[plan.person_seed]
    for part, (sigmas, name) in enumerate(((SMOOTH_SIGMA, "smooth"), (FINE_SIGMA, "fine"))):
        level = np.array([plan.noise * getattr(plan.recording, name) for plan in plans], dtype=np.float32)
        for axis, sigma in enumerate(sigmas):
            field = gaussian_filter(white[:, part, axis], (0, *sigma), mode="wrap", truncate=3.0)
            field *= 2 * np.sqrt(np.pi * sigma[0] * sigma[1])  # rms 1
            field *= np.abs(field) / np.sqrt(3)  # rms 1 again, but rare and large, as matching errors are
            noise[:, axis] += PIXELS_PER_UNIT * level[:, None, None] * field
    for rows, face_points, _ in _by_shape(plans):
        noise[rows] *= _texture(face_points).reshape(GRID).astype(np.float32)
    return noise


def _white(seed: int) -> np.ndarray:
    """Return white noise of rms 1 for both parts of the error of u and v, float32 (2, 2, 70, 56)."""
    return np.random.default_rng(seed).standard_normal((2, 2, *GRID), dtype=np.float32)


def _texture(face_points: np.ndarray) -> np.ndarray:
    """Return the factor on the noise at each point: least on plain skin, 1 at brows, eyes, nose and mouth."""
    distance = cKDTree(canonical_face()[17:]).query(face_points)[0]
    return PLAIN_SKIN + (1 - PLAIN_SKIN) * np.exp(-(distance**2) / (2 * 0.12**2))


def optical_strain(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return the magnitude of the strain tensor, sqrt(ux^2 + vy^2 + (uy + vx)^2 / 2) (errata AM3F-A14, CROSS-X3).

    Parameters
    ----------
    u, v : arrays (..., rows, columns)
        Flow in pixels of their own grid, rightwards and downwards.

    Returns
    -------
    array (..., rows, columns)
        Dimensionless; invariant to translation and, to first order, rotation.
    """
    uy, ux = np.gradient(u, axis=(-2, -1))
    vy, vx = np.gradient(v, axis=(-2, -1))
    return np.sqrt(ux**2 + vy**2 + (uy + vx) ** 2 / 2)


def minmax255(maps: np.ndarray) -> np.ndarray:
    """Stretch each channel of each map to 0..255 by its own minimum and maximum and round, float32 as given.

    A constant channel becomes 0.
    """
    low = maps.min(axis=(-2, -1), keepdims=True)
    span = maps.max(axis=(-2, -1), keepdims=True) - low
    return np.rint(255.0 * (maps - low) / np.where(span > 0, span, 1.0)).astype(np.float32)


def flow_maps(plans: Sequence[ClipPlan], unit: str = "minmax255") -> np.ndarray:
    """Draw the flow maps of planned clips.

    Parameters
    ----------
    plans : sequence of ClipPlan
        The clips, N of them.
    unit : {'minmax255', 'px'}
        ``px``: u and v in flow pixels (25.9 per inter-ocular distance), strain without a unit;
        ``minmax255``: each channel stretched to whole numbers 0..255.

    Returns
    -------
    float32 array (N, 3, 28, 28)
        Channels u, v, optical strain.

    Raises
    ------
    MerlibError
        For an unknown unit.
    """
    if unit not in UNITS:
        raise unknown_name("unit", unit, UNITS)
    from skimage.transform import resize_local_mean

    flow = true_motion(plans) + estimation_noise(plans)
    channels = np.concatenate([flow, optical_strain(flow[:, :1], flow[:, 1:])], axis=1)
    maps = resize_local_mean(channels, (len(plans), 3, *MAP)).astype(np.float32)
    return maps if unit == "px" else minmax255(maps)


def twin_samples(dataset: str, seed: int = SEED, unit: str = "minmax255", intensity: float = 1.0) -> Samples:
    """Generate the synthetic twin of a data set: as many subjects, and clips of each class, with invented motion.

    Parameters
    ----------
    dataset : {'megc2019-flow', 'casme2', 'samm', 'smic'}
        442 clips of 68 subjects in 3 classes; 246 clips in 5; 136 in 5; 164 in 3.
    seed : int
        Another seed is another set of people.
    unit : {'minmax255', 'px'}
        Whole numbers 0..255 as in the public archive, or flow in pixels.
    intensity : float
        Factor on every activation: 1 is a micro-expression, about 4 a macro-expression for pretraining.

    Returns
    -------
    Samples
        ``flow`` float32 (N, 3, 28, 28), channels u, v, strain; `synthetic` is True.

    Raises
    ------
    MerlibError
        For an unknown data set or unit, or an intensity that is not positive.
    """
    plans = plan_population(dataset, seed, intensity)
    classes = POPULATIONS[dataset].classes
    return Samples(
        inputs={"flow": flow_maps(plans, unit)},
        labels=np.array([classes.index(plan.class_name) for plan in plans]),
        classes=classes,
        subjects=np.array([plan.subject for plan in plans]),
        datasets=np.array([plan.dataset for plan in plans]),
        clips=np.array([plan.clip for plan in plans]),
        name=dataset,
        synthetic=True,
        unit=unit,
        notes=(f"SYNTHETIC twin, seed {seed}, intensity {intensity:g}: no real person is shown",),
    ).made_by(f"flow maps of the twin {EDITION}: {dataset}, seed {seed}, {unit}, intensity {intensity:g}", twin_code())

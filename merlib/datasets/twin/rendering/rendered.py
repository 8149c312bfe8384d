"""The rendered twin: clips of invented people in which the true motion of every pixel is known. SYNTHETIC, all of it.

Faces are made from NASA's public-domain portrait of an astronaut (see `portrait`); no real person's expression is
shown, and NASA endorses nothing here. `twin_clips` returns the clip table of a data set's twin; its clips follow the
same plans from which `twin_samples` draws flow maps. Frames are rendered when they are read. A frame depends only on
its row of the table, so its pixels are the same in any process and in whatever order frames are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from merlib.clips.clip_table import clip_key, clip_table
from merlib.datasets.twin.population import EDITION, SEED, ClipPlan, draw_clip, plan_population
from merlib.datasets.twin.rendering.backdrop import backdrop
from merlib.datasets.twin.rendering.camera import LOOKS, flicker, sensor_noise
from merlib.datasets.twin.rendering.person import person_picture
from merlib.datasets.twin.rendering.portrait import CANVAS, DENSITY
from merlib.datasets.twin.rendering.scene import Scene, pixel_grid, stage
from merlib.datasets.twin.timing import SPEEDS, phases
from merlib.errors import MerlibError, unknown_name

RENDERED = ("casme2", "samm", "smic", "megc2019")
_PLANS = {"megc2019": "megc2019-flow"}  # the composite has the same clips as the archive of flow maps
_CLEAR = 0.25  # a coder overlooks an action unit whose activation is below this share of the strongest one's


@dataclass(frozen=True)
class RenderedClip:
    """The frames of one clip of the twin, drawn when they are read; the object only names the clip, without pixels.

    Parameters
    ----------
    seed, population, dataset, subject, clip, class_name, intensity
        As for `draw_clip`.
    blinks : bool
        Whether a third of the clips hold a blink.
    scale : float
        Factor on the frame size; 1 is the data set's default size.
    """

    seed: int
    population: str
    dataset: str
    subject: str
    clip: str
    class_name: str
    intensity: float
    blinks: bool
    scale: float

    @property
    def plan(self) -> ClipPlan:
        """The plan of what the clip shows."""
        names = (self.population, self.dataset, self.subject, self.clip, self.class_name)
        return draw_clip(self.seed, *names, self.intensity)

    @property
    def numbers(self) -> np.ndarray:
        """Frame numbers, int64 (T,), from 1."""
        return np.arange(1, phases(self.seed, self.population, self.plan)[3] + 1, dtype=np.int64)

    @property
    def true_apex(self) -> int:
        """Frame of the strongest expression, from 0; known also where the table has no apex."""
        return phases(self.seed, self.population, self.plan)[1]

    @property
    def identity(self) -> str:
        """Text that is equal for equal frames: the twin's edition and all fields."""
        return "/".join(map(str, ("twin", EDITION, *astuple(self))))

    def true_flow(self, first: int, second: int) -> np.ndarray:
        """Return the motion of every pixel from one frame to another; see the function `true_flow`."""
        return _rendered_flow(self, first, second)

    def true_landmarks(self, index: int) -> np.ndarray:
        """Return the landmarks of a frame; see the function `true_landmarks`."""
        return _rendered_landmarks(self, index)

    def read(self, index: int) -> np.ndarray:
        """Render frame `index`, uint8 (H, W, 3) RGB."""
        import cv2

        scene, look = clip_scene(self), LOOKS[self.dataset]
        wall, clothes, bare = _still(self)
        face = cv2.remap(_seen_picture(self), to_picture(scene, scene.at_rest(index)), None, cv2.INTER_CUBIC)
        frame = clothes + bare * face[..., :3] + (1 - face[..., 3:]) * wall
        frame *= np.float32(flicker(look, scene.plan.noise_seed, index))
        if look.grey:
            frame = frame @ np.array([[0.299], [0.587], [0.114]], np.float32)
        frame += sensor_noise(look, scene.plan.noise_seed, index, frame.shape[:2])
        frame = cv2.convertScaleAbs(np.maximum(frame, 0))  # rounds, and stops at 255
        return np.repeat(frame[..., None], 3, axis=2) if look.grey else frame


@lru_cache(maxsize=4)
def clip_scene(source: RenderedClip) -> Scene:
    """Return a clip's scene, ready to be drawn; those of the last few clips are kept in memory."""
    return stage(source.seed, source.population, source.plan, source.blinks, source.scale)


@lru_cache(maxsize=4)
def _seen_picture(source: RenderedClip) -> np.ndarray:
    """Return the person's picture, blurred as the lens and the pixels of this clip's camera blur it."""
    import cv2

    picture = person_picture(source.seed, source.dataset, source.subject)
    shrink = DENSITY / clip_scene(source).camera.unit
    sigma = np.hypot(LOOKS[source.dataset].blur, 0.45) * shrink
    return cv2.GaussianBlur(picture, (0, 0), max(sigma, 0.3))


@lru_cache(maxsize=4)
def _still(source: RenderedClip) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what stands still, float32: wall where no clothes cover it, clothes (H, W, 3), and 1 - clothes' cover."""
    wall, clothes = backdrop(source.seed, source.dataset, source.subject, clip_scene(source).camera)
    bare = 1 - clothes[..., 3:]
    return wall * bare, np.ascontiguousarray(clothes[..., :3]), bare


def to_picture(scene: Scene, pixels: np.ndarray) -> np.ndarray:
    """Map px at the onset's pose, float32 (H, W, 2), to px of the person's picture."""
    import cv2

    whole = cv2.invertAffineTransform(scene.camera.matrix) * DENSITY
    whole[:, 2] -= np.array(CANVAS[:2]) * DENSITY + 0.5
    return cv2.transform(pixels, whole)


def twin_clips(
    name: str, seed: int = SEED, intensity: float = 1.0, blinks: bool = True, scale: float = 1.0
) -> pd.DataFrame:
    """Return the clip table of a data set's rendered twin.

    Parameters
    ----------
    name : {'casme2', 'samm', 'smic', 'megc2019'}
        246, 136, 164 and 442 clips: as many subjects, and clips of each class, as the real data set.
    seed : int
        Another seed is another set of people.
    intensity : float
        Factor on every activation: 1 is a micro-expression, about 4 a macro-expression.
    blinks : bool
        Whether a third of the clips hold a blink, anywhere in the clip.
    scale : float
        Factor on the frame size, by default 280 x 340 (CASME II), 960 x 512 (SAMM; 2.125 is the size of its real
        frames), 130 x 160 (SMIC).

    Returns
    -------
    DataFrame
        A clip table, see `merlib.clips.clip_table`. SMIC has no apex, as in the original; ``row.source.true_apex`` is
        the true one.

    Raises
    ------
    MerlibError
        For an unknown data set, or a seed, intensity or scale out of range.
    """
    if name not in RENDERED:
        raise unknown_name("rendered twin", name, RENDERED)
    if not 0.25 <= scale <= 4:
        raise MerlibError(f"scale {scale!r}.", "a factor from 0.25 to 4.", "1 is the data set's default size.")
    population = _PLANS.get(name, name)
    rows = []
    for plan in plan_population(population, seed, intensity):
        who = (plan.dataset, plan.subject, plan.clip)
        source = RenderedClip(
            int(seed), population, *who, plan.class_name, float(intensity), bool(blinks), float(scale)
        )
        rows.append(_row(source, plan))
    notes = (f"SYNTHETIC twin, seed {seed}, intensity {intensity:g}: no real person is shown; portrait by NASA",)
    return clip_table(rows, name, f"twin-{seed}", True, notes)


def _row(source: RenderedClip, plan: ClipPlan) -> Mapping[str, object]:
    onset, apex, offset, n_frames = phases(source.seed, source.population, plan)
    smic = plan.dataset == "smic"  # codes neither apex nor action units
    return {
        "dataset": plan.dataset,
        "subject": plan.subject,
        "clip": plan.clip,
        "label": plan.class_name,
        "onset": onset,
        "apex": None if smic else apex,
        "offset": offset,
        "fps": SPEEDS[plan.dataset],
        "action_units": "" if smic else coded(plan.action_units),
        "n_frames": n_frames,
        "source": source,
    }


def coded(activations: Mapping[str, float]) -> str:
    """Write activations as a coder would: ``4+L12``; weak units and unrelated lid movements are left out."""
    units = sorted({code[1:] for code in activations} - {"45"}, key=int)
    clear = _CLEAR * max((level for code, level in activations.items() if code[1:] != "45"), default=0.0)
    codes = []
    for unit in units:
        left, right = (activations.get(side + unit, 0.0) for side in "LR")
        if max(left, right) >= clear:
            codes.append(f"L{unit}" if left > 2.5 * right else f"R{unit}" if right > 2.5 * left else unit)
    return "+".join(codes)


def _source(row) -> RenderedClip:
    if not isinstance(row.source, RenderedClip):
        found = f"{clip_key(row)} is read by {type(row.source).__name__}."
        raise MerlibError(found, "a clip of the rendered twin.", "only the twin knows its true motion.")
    return row.source


def _check_index(row, index: int) -> int:
    if not 0 <= index < row.n_frames:
        found, expected = f"{clip_key(row)}: frame {index} asked for.", f"an index from 0 to {row.n_frames - 1}."
        raise MerlibError(found, expected, "count from the clip's first frame.")
    return int(index)


def true_flow(row, first: int, second: int) -> np.ndarray:
    """Return how every pixel of one frame moves to another: the exact motion that was rendered, without noise.

    Parameters
    ----------
    row : named tuple or Series
        A row of a table from `twin_clips`.
    first, second : int
        Frames, from 0.

    Returns
    -------
    float32 array (H, W, 2)
        u (rightwards) and v (downwards), px: what is at (x, y) in frame `first` is at (x + u, y + v) in frame
        `second`. The background does not move.

    Raises
    ------
    MerlibError
        For a row of another source, or a frame outside the clip.
    """
    return _rendered_flow(_source(row), _check_index(row, first), _check_index(row, second))


def _rendered_flow(source: RenderedClip, first: int, second: int) -> np.ndarray:
    import cv2

    scene = clip_scene(source)
    at_rest = scene.at_rest(first)
    motion, _ = scene.skin_motion(second)
    moved = at_rest
    if motion is not None:
        moved = at_rest + cv2.remap(motion, at_rest, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    matrix = scene.matrix(second)
    flow = cv2.transform(moved, matrix) - pixel_grid(*scene.camera.size)
    head = cv2.remap(_seen_picture(source)[..., 3], to_picture(scene, at_rest), None, cv2.INTER_LINEAR)
    seen = head * _still(source)[2][..., 0]
    return np.where(seen[..., None] >= 0.5, flow, 0.0).astype(np.float32)


def true_landmarks(row, index: int) -> np.ndarray:
    """Return the exact 68 landmarks of a rendered frame, float32 (68, 2), px: x and y, in iBUG's order.

    Raises
    ------
    MerlibError
        As `true_flow`.
    """
    return _rendered_landmarks(_source(row), _check_index(row, index))


def _rendered_landmarks(source: RenderedClip, index: int) -> np.ndarray:
    import cv2

    scene = clip_scene(source)
    points = scene.landmarks.astype(np.float32)
    motion, _ = scene.skin_motion(index)
    if motion is not None:
        points = (
            points + cv2.remap(motion, points[:, None], None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0]
        )
    matrix = scene.matrix(index)
    return (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)

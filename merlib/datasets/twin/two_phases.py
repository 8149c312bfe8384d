"""SYNTHETIC twin of the second public archive: the same clips as in the twin of the first, with flow computed anew.

Plans are those of ``megc2019-flow``: people, labels, expressions and head motion agree clip by clip. Only what differs
between the two real archives differs here: the errors of the flow estimate are drawn anew, each channel is stretched
to 0..255 before the map is reduced, and there is a second map from apex to offset.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from merlib.clips.samples import Samples
from merlib.datasets.twin.flow import MAP, estimation_noise, minmax255, optical_strain, true_motion, twin_code
from merlib.datasets.twin.people import stream
from merlib.datasets.twin.population import EDITION, POPULATIONS, SEED, ClipPlan, HeadMotion, plan_population
from merlib.datasets.twin.timing import RETURN_SECONDS, SPEEDS, phases

NAME = "megc2019-phases"
CLIPS_OF = "megc2019-flow"


def second_phase(seed: int, plan: ClipPlan) -> ClipPlan:
    """Return the plan of the motion from apex to offset: the expression becomes neutral, the head moves partly back.

    The head moves back as in a rendered clip (`merlib.datasets.twin.timing`): 63 % of its way in 0.2 seconds.
    """
    _, apex, offset, _ = phases(seed, CLIPS_OF, plan)
    back = 1 - np.exp(-(offset - apex) / (RETURN_SECONDS * SPEEDS[plan.dataset]))
    head = HeadMotion(*(float(-back * part) for part in _parts(plan.head)))
    return replace(plan, action_units={code: -level for code, level in plan.action_units.items()}, head=head)


def _parts(head: HeadMotion) -> tuple[float, ...]:
    return head.dx, head.dy, head.angle, head.log_scale


def _measured_anew(seed: int, plan: ClipPlan, phase: str) -> ClipPlan:
    rng = stream(seed, NAME, phase, plan.dataset, plan.subject, plan.clip)
    return replace(plan, noise_seed=int(rng.integers(2**63)))


def _maps(plans: list[ClipPlan]) -> np.ndarray:
    from skimage.transform import resize_local_mean

    flow = true_motion(plans) + estimation_noise(plans)
    channels = minmax255(np.concatenate([flow, optical_strain(flow[:, :1], flow[:, 1:])], axis=1))
    return np.rint(resize_local_mean(channels, (len(plans), 3, *MAP))).astype(np.float32)


def phase_samples(seed: int = SEED, intensity: float = 1.0) -> Samples:
    """Generate the twin of the second archive.

    Parameters
    ----------
    seed : int
        Another seed is another set of people.
    intensity : float
        Factor on every activation: 1 is a micro-expression, about 4 a macro-expression.

    Returns
    -------
    Samples
        ``flow`` float32 (442, 3, 28, 28) and ``phases`` float32 (442, 2, 3, 28, 28), onset to apex and apex to offset;
        channels u, v, strain, unit ``minmax255``; `synthetic` is True.
    """
    plans = plan_population(CLIPS_OF, seed, intensity)
    rising = [_measured_anew(seed, plan, "onset to apex") for plan in plans]
    falling = [_measured_anew(seed, second_phase(seed, plan), "apex to offset") for plan in plans]
    both = np.stack([_maps(rising), _maps(falling)], axis=1)
    classes = POPULATIONS[CLIPS_OF].classes
    return Samples(
        inputs={"flow": np.ascontiguousarray(both[:, 0]), "phases": both},
        labels=np.array([classes.index(plan.class_name) for plan in plans]),
        classes=classes,
        subjects=np.array([plan.subject for plan in plans]),
        datasets=np.array([plan.dataset for plan in plans]),
        clips=np.array([plan.clip for plan in plans]),
        name=NAME,
        synthetic=True,
        unit="minmax255",
        notes=(f"SYNTHETIC twin, seed {seed}, intensity {intensity:g}: no real person is shown",),
    ).made_by(f"flow maps of two phases of the twin {EDITION}: seed {seed}, intensity {intensity:g}", twin_code())

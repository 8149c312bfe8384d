"""The ladder of each network that reads clips: results from its own input, from true motion and from true action units.

It is trained on the frozen SYNTHETIC twins of CASME II and SMIC, in profile ``teach``, from seed 0, with ten folds of
people (ANALYSIS_PLAN.md). A rung below the network shows whether its own input still holds the class, a rung above
whether the motion does. The first rung at which the result falls explains what the network misses. For the rung
``shuffled``, labels are shuffled among all clips of a data set, for UAMRN on SMIC in `DEALS` ways: one deal of labels
may agree with the faces by accident, and the mean over deals tells an accident from a leak.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from merlib.clips.frame_rows import as_frames
from merlib.clips.samples import Samples
from merlib.datasets.twin.action_units import ACTION_UNITS, activation_vector
from merlib.datasets.twin.emotions import EMOTIONS
from merlib.datasets.twin.population import POPULATIONS
from merlib.datasets.twin.rendering.rendered import twin_clips
from merlib.errors import unknown_name
from merlib.inputs.cache import MotionCache
from merlib.inputs.choices import TRUTH, Preprocessing, preprocessing
from merlib.inputs.clip_samples import samples_of_clips
from merlib.inputs.front import with_front
from merlib.learning.engine import run
from merlib.learning.experiment import Experiment
from merlib.learning.frame_votes import vote_by_clip
from merlib.learning.network_sizes import SHORT
from merlib.learning.store.references import every_reference, reference_root, save_reference
from merlib.profiles import get_profile

DATA = ("casme2", "smic")
# Inputs of the linear classifier in notebook 02's table: the sum of the ten flows, with one change at a time.
MENDS: Mapping[str, Mapping[str, object]] = {
    "around the apex": {"window": "around"},
    "onset to apex": {},
    "onset to apex, not magnified": {"factor": 1.0},
    "around the apex, head steadied": {"window": "around", "steady": "affine"},
    "onset to apex, head steadied": {"steady": "affine"},
}
PROFILE = "teach"
STEPS = ("shuffled", "input", "network", "less_onset", "weighted", "motion", "units", "emotion")  # of a ladder, upwards
DEALS: Mapping[tuple[str, str], int] = {("uamrn", "smic"): 4}  # ways in which labels are shuffled; elsewhere one
NEVER_MOVES = "45"  # the blink is left out, since lids close independently of the expression
# LARNet in short profiles, on one frame at a time: the last stage alone, by Adam, mirrored left to right (notebook 07).
LARNET: Mapping[str, object] = {
    "stages": ("emoresnet",),
    "width": SHORT["larnet"].width,
    "image_size": SHORT["larnet"].side,
}
LARNET_TRAINING: Mapping[str, object] = {
    "optimiser": SHORT["larnet"].optimiser,
    "learning_rate": 5e-4,
    "augmentation": ("flip",),
    "normalisation": "standardise",
}
LARNET_FRAMES = SHORT["larnet"].frames  # of which the first and the last are left out
MAP = 28  # side of the maps that the linear classifier reads


@dataclass(frozen=True)
class Rung:
    """One step of a ladder: what is trained, and on which samples.

    Parameters
    ----------
    network : str
        ``astnet``, ``uamrn``, or ``larnet``, whose rows are frames. It is empty for rungs that all ladders share, and
        ``mends`` for those of notebook 02's table.
    step : str
        One of `STEPS`, or the name of one of `MENDS` with hyphens.
    data : str
        The data set whose twin is read.
    experiment : Experiment
        What is trained.
    samples : callable
        Takes a cache and a number of processes, and returns the samples.
    deal : int
        Which way of shuffling the labels it is, counted from 1.
    """

    network: str
    step: str
    data: str
    experiment: Experiment
    samples: Callable[[MotionCache, int], Samples]
    deal: int = 1

    @property
    def name(self) -> str:
        """Data set, network, step and, from the second on, the number of the deal, joined by hyphens."""
        deal = str(self.deal) if self.deal > 1 else ""
        return "-".join(filter(None, (self.data, self.network, self.step, deal)))


def network_input(network: str, data: str) -> Preprocessing:
    """Return the preprocessing for `network` in profile ``teach``; it needs no weights that may be absent."""
    same = {"magnifier": "eulerian", "steady": "affine"}
    if network == "astnet":
        return preprocessing("flow_sequence", size=SHORT["astnet"].side, unit="px", **same)
    return preprocessing("magnified", size=SHORT["uamrn"].side, apex="middle" if data == "smic" else "sheet", **same)


def _samples(data: str, how: Preprocessing, cache: MotionCache, workers: int) -> Samples:
    return samples_of_clips(twin_clips(data), [how], POPULATIONS[data].classes, cache, workers=workers)


def _read(network: str, data: str, cache: MotionCache, workers: int) -> Samples:
    samples = _samples(data, network_input(network, data), cache, workers)
    if network == "uamrn":
        samples = with_front(samples, cache, width=SHORT["uamrn"].width, less_first=True)
    halved = {name: np.asarray(values).astype(np.float16) for name, values in samples.inputs.items()}
    return samples.with_inputs(halved, "rounded to float16", notes=("inputs rounded to float16",))


def _with_shuffled_labels(samples: Samples, deal: int = 1) -> Samples:
    labels = np.random.default_rng(deal - 1).permutation(samples.labels)
    return replace(samples, labels=labels, notes=(*samples.notes, "labels shuffled"))


def _shuffled(network: str, data: str, deal: int, cache: MotionCache, workers: int) -> Samples:
    return _with_shuffled_labels(_read(network, data, cache, workers), deal)


def _frames(step: str, data: str, cache: MotionCache, workers: int) -> Samples:
    """Return frames as rows: two between onset and offset of each clip, each alone or minus the onset frame."""
    less = step == "less_onset"
    length = LARNET_FRAMES - 2 if less else LARNET_FRAMES
    how = preprocessing("frames", size=LARNET["image_size"], length=length, less_onset=less)
    clips = _samples(data, how, cache, workers)
    if not less:  # the face is at rest in the first and the last
        clips = clips.with_inputs({"frames": clips.inputs["frames"][:, 1:-1]})
    rows = as_frames(_with_shuffled_labels(clips) if step == "shuffled" else clips)
    if step != "input":
        return rows
    pixels = rows.inputs["frames"].reshape(len(rows), -1).astype(np.float32)
    return rows.with_inputs({"flow": pixels}, "pixels as a vector")


def _line_on_input(network: str, data: str, cache: MotionCache, workers: int) -> Samples:
    samples = _read(network, data, cache, workers)
    if network == "uamrn":
        features = samples.inputs["front"].reshape(len(samples), -1).astype(np.float32)
        return samples.with_inputs({"flow": features}, "features of all magnifications as one vector")
    return _summed(samples)


def _line_on_flows(data: str, choices: Mapping[str, object], cache: MotionCache, workers: int) -> Samples:
    how = preprocessing("flow_sequence", size=SHORT["astnet"].side, unit="px", magnifier="eulerian", **choices)
    return _summed(_samples(data, how, cache, workers))


def _summed(samples: Samples) -> Samples:
    from skimage.transform import resize_local_mean

    total = np.asarray(samples.inputs["flow_sequence"], np.float32).sum(1)
    maps = resize_local_mean(total, (*total.shape[:2], MAP, MAP)).astype(np.float32)
    return samples.with_inputs({"flow": maps}, f"sum of the ten flows, averaged to {MAP} x {MAP}")


def _motion(data: str, cache: MotionCache, workers: int) -> Samples:
    return _samples(data, preprocessing("flow", flow=TRUTH, unit="px", size=MAP), cache, workers)


def _of_plans(data: str, kind: str, cache: MotionCache, workers: int) -> Samples:
    samples, table = _motion(data, cache, workers), twin_clips(data)
    plans = [row.source.plan for row in table.itertuples(index=False)]
    if kind == "emotion":
        values = np.array([[plan.emotion == emotion for emotion in EMOTIONS] for plan in plans])
    else:
        sides = np.array([activation_vector(plan.action_units) for plan in plans])
        values = np.delete(sides[:, ::2] + sides[:, 1::2], ACTION_UNITS.index(NEVER_MOVES), axis=1)
    return samples.with_inputs(
        {"flow": values.astype(np.float32)}, f"true {kind} of each clip", notes=(f"true {kind}",)
    )


def ladder() -> dict[str, Rung]:
    """Return every rung by name: ``casme2-motion``, ``casme2-astnet-shuffled`` and so on."""
    profile = get_profile(PROFILE)
    maps = Experiment.for_profile("linear", profile, label="Line through the maps")
    vectors = partial(Experiment.for_profile, "linear", profile, augmentation=())
    networks = {
        "astnet": partial(
            Experiment.for_profile, "astnet", profile, options={"width": SHORT["astnet"].width}, optimiser="adam"
        ),
        "uamrn": partial(
            Experiment.for_profile, "uamrn", profile, options={"width": 256, "front_size": 256, "masked": True}
        ),
    }
    names = {"astnet": "ASTNet", "uamrn": "UAMRN"}
    rungs = []
    for data in DATA:
        true = {kind: vectors(options={"C": 0.1}, label=f"Line through true {kind}") for kind in ("units", "emotion")}
        rungs += [Rung("", kind, data, true[kind], partial(_of_plans, data, kind)) for kind in ("emotion", "units")]
        rungs.append(Rung("", "motion", data, replace(maps, label="Line through true motion"), partial(_motion, data)))
    for network, make in networks.items():
        line = maps if network == "astnet" else vectors(label="Line through the features")
        for data in DATA:
            title, read = names[network], partial(_read, network, data)
            on_input = replace(line, label=f"Line on {title}'s input")
            rungs.append(Rung(network, "input", data, on_input, partial(_line_on_input, network, data)))
            rungs.append(Rung(network, "network", data, make(label=title), read))
            for deal in range(1, DEALS.get((network, data), 1) + 1):
                shuffled = make(label=f"{title}, labels shuffled" + (f", deal {deal}" if deal > 1 else ""))
                rungs.append(Rung(network, "shuffled", data, shuffled, partial(_shuffled, network, data, deal), deal))
            if network == "astnet":
                weighted = make(label="ASTNet, weighted loss", loss="weighted_ce")
                rungs.append(Rung(network, "weighted", data, weighted, read))
    larnet = partial(Experiment.for_profile, "larnet", profile, options=LARNET, **LARNET_TRAINING)
    titles = {
        "input": "Line on LARNet's frames",
        "network": "LARNet, single frames",
        "shuffled": "LARNet, labels shuffled",
        "less_onset": "LARNet, frames less the onset",
    }
    for step, title in titles.items():
        experiment = vectors(label=title) if step == "input" else larnet(label=title)
        rungs.append(Rung("larnet", step, "casme2", experiment, partial(_frames, step, "casme2")))
    for data in DATA:
        for name, choices in MENDS.items():
            read = partial(_line_on_flows, data, choices)
            rungs.append(Rung("mends", name.replace(",", "").replace(" ", "-"), data, replace(maps, label=name), read))
    return {rung.name: rung for rung in rungs}


def committed_rungs(network: str, data: str) -> dict[str, pd.DataFrame]:
    """Return the committed predictions of a network's ladder by step, upwards; rungs not committed are left out.

    There is one row per clip; LARNet's frames vote for it. A second deal of shuffled labels is ``shuffled-2``.
    """
    committed = {
        (frame.attrs["experiment"]["label"], Experiment.from_dict(frame.attrs["experiment"]).training_digest): frame
        for frame in every_reference(f"{data}_twin")
    }
    found = {}
    for rung in ladder().values():
        frame = committed.get((rung.experiment.label, rung.experiment.training_digest))
        if rung.data == data and rung.network in ("", network) and frame is not None:
            step = rung.step if rung.deal == 1 else f"{rung.step}-{rung.deal}"
            found[step] = vote_by_clip(frame) if network == rung.network == "larnet" else frame
    return {step: found[step] for step in sorted(found, key=lambda step: STEPS.index(step.partition("-")[0]))}


def committed_mends(data: str) -> dict[str, pd.DataFrame]:
    """Return the committed predictions of the linear classifier on each of `MENDS`, by name and in that order."""
    committed = {
        frame.attrs["experiment"]["label"]: frame
        for frame in every_reference(f"{data}_twin")
        if frame.attrs["experiment"]["model"] == "linear"
    }
    return {name: committed[name] for name in MENDS if name in committed}


def climb(name: str, cache: MotionCache, root: Path | None = None, workers: int = 1, **how: object) -> pd.DataFrame:
    """Return the predictions of one rung, read or trained now, and write its reference when it was trained.

    Parameters
    ----------
    name : str
        A key of `ladder`.
    cache : MotionCache
        Where inputs of clips are kept; usually `Study.cache`.
    root : path, optional
        Folder of references; ``results/reference`` or what MERLIB_REFERENCES names by default.
    workers : int
        Processes of one thread each, for inputs and folds.
    **how
        Further arguments of `learning.run`, such as ``store`` and ``device``.

    Raises
    ------
    MerlibError
        When the ladder has no such rung.
    """
    rungs: Mapping[str, Rung] = ladder()
    if name not in rungs:
        raise unknown_name("rung", name, rungs)
    rung = rungs[name]
    samples = rung.samples(cache, workers)
    predictions = run(rung.experiment, samples, workers=workers, **how)
    root = root or reference_root()
    if root is not None and predictions.attrs["origin"] != "reference":
        save_reference(predictions, rung.experiment, samples, root)
    return predictions

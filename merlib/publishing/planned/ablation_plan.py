"""The planned ablation runs: one option of a network at a time, on the frozen SYNTHETIC twins and on the public maps.

They were declared in ``results/reference/ANALYSIS_PLAN.md``, "Ablations", before any of them was trained. On the twins
the networks are smaller, their maps coarser and their training shorter than in profile ``teach``, so that one core
trains all rows of a table in an afternoon. On the public maps Dual-ATME keeps its printed recipe. All runs have ten
folds of people, the same for all rows of a table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from merlib.clips.frame_rows import as_frames
from merlib.clips.puzzle import REGION_PAIRS, with_puzzle
from merlib.clips.samples import Samples
from merlib.datasets.registry import open_samples
from merlib.datasets.twin.population import POPULATIONS
from merlib.datasets.twin.rendering.rendered import twin_clips
from merlib.errors import MerlibError, unknown_name
from merlib.inputs.cache import MotionCache
from merlib.inputs.choices import Preprocessing, preprocessing
from merlib.inputs.clip_samples import samples_of_clips
from merlib.inputs.front import with_front
from merlib.learning.engine import run
from merlib.learning.experiment import Experiment
from merlib.learning.store.references import every_reference, reference_root, save_reference
from merlib.models.dual_atme import TABLE1_OPTIONS
from merlib.profiles import get_profile
from merlib.publishing.planned.clip_ladder import network_input
from merlib.publishing.planned.plan import DATA as MAPS
from merlib.publishing.planned.plan import TEN_FOLDS, planned_runs

TAUS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
BATCHES = (16, 32, 64, 128)  # ASTNet, Fig. 11
DROPOUTS = (0.3, 0.4, 0.5, 0.6, 0.7)  # Fig. 12
SIDE = 36  # side of ASTNet's maps here: a small one that leaves 2 x 2 positions behind ResNet, as 56 does
EPOCHS = 10  # of ASTNet and LARNet here; UAMRN has the 20 of profile teach
FRONT_WIDTH = 16  # width of UAMRN's frozen layers, which then give 256 features
TAU_SEEDS = (0, 1, 2)


class Sources(NamedTuple):
    """Where samples come from: the cache of inputs computed from clips, folders of public maps, number of processes."""

    cache: MotionCache
    folders: Mapping[str, Path]
    workers: int = 1


@dataclass(frozen=True)
class Ablation:
    """One run of an ablation: what is trained, in which folder its reference lies, and on which samples.

    Parameters
    ----------
    folder : str
        Folder below ``results/reference``: ``smic_twin``, ``casme2_twin`` or ``megc2019_flow``.
    experiment : Experiment
        What is trained; its label distinguishes it from runs of the same experiment on other inputs.
    samples : callable
        Takes `Sources` and returns the samples.
    """

    folder: str
    experiment: Experiment
    samples: Callable[[Sources], Samples]

    @property
    def synthetic(self) -> bool:
        """Whether the run is trained on a twin."""
        return self.folder.endswith("_twin")


def _twin(data: str, how: Preprocessing, sources: Sources) -> Samples:
    classes = POPULATIONS[data].classes
    return samples_of_clips(twin_clips(data), [how], classes, sources.cache, workers=sources.workers)


def _astnet_input(factor: float, sources: Sources) -> Samples:
    from skimage.transform import resize_local_mean

    how = replace(network_input("astnet", "smic"), factor=factor)
    samples = _twin("smic", how, sources)
    flows = np.asarray(samples.inputs["flow_sequence"], np.float32)
    small = resize_local_mean(flows, (*flows.shape[:3], SIDE, SIDE)).astype(np.float16)
    told = f"maps averaged to {SIDE} x {SIDE}, rounded to float16"
    return samples.with_inputs({"flow_sequence": small}, told, notes=(told,))


def _uamrn_input(sources: Sources) -> Samples:
    samples = _twin("smic", network_input("uamrn", "smic"), sources)
    return with_front(samples, sources.cache, width=FRONT_WIDTH, less_first=True)


def _larnet_input(sources: Sources) -> Samples:
    how = preprocessing("frames", size=64, length=4)
    samples = _twin("casme2", how, sources)
    told = "without the first and the last frame, where the face is at rest"
    return as_frames(samples.with_inputs({"frames": samples.inputs["frames"][:, 1:-1]}, told, notes=(told,)))


def open_maps(sources: Sources) -> Samples:
    """Return the public maps of the first archive; an error when their folder was not named."""
    if MAPS not in sources.folders:
        raise MerlibError(
            f"no folder of {MAPS}.", f"--data {MAPS}=DIR with the public flow maps.", f"merlib data get {MAPS}"
        )
    return open_samples(MAPS, sources.folders)


def _puzzle(regions: tuple[str, ...], sources: Sources) -> Samples:
    return with_puzzle(open_maps(sources), regions)


def _shortened(model: str, label: str, epochs: int, batch: int = 0, **choices: object) -> Experiment:
    """Return an experiment of profile ``teach`` with fewer epochs, whose batch may differ from the profile's."""
    profile = replace(get_profile("teach"), max_epochs=epochs)
    whole = Experiment.for_profile(model, profile, label=label, **choices)
    return replace(whole, recipe=replace(whole.recipe, batch_size=batch)) if batch else whole


def _astnet(label: str, batch: int = 0, **options: object) -> Experiment:
    return _shortened("astnet", label, EPOCHS, batch, options={"width": 8, **options}, optimiser="adam")


def _uamrn(label: str, **options: object) -> Experiment:
    shape = {"width": 64, "front_size": 16 * FRONT_WIDTH, "masked": True}
    return _shortened("uamrn", label, 20, options={**shape, **options})


def _larnet(label: str, attention: str) -> Experiment:
    options = {"stages": ["emoresnet"], "width": 8, "image_size": 64, "attention": attention}
    changes = {"optimiser": "adam", "learning_rate": 5e-4, "augmentation": ("flip",), "normalisation": "standardise"}
    return _shortened("larnet", label, EPOCHS, options=options, **changes)


def _dual_atme(label: str, **options: object) -> Experiment:
    both = {**TABLE1_OPTIONS["HARS + AARS"], **options}
    whole = Experiment.for_profile("dual_atme", get_profile("paper"), options=both, label=label)
    return replace(whole, protocol=TEN_FOLDS, seeds=(0,))


def tau_experiment(tau: float) -> Experiment:
    """Return STSTNet in profile ``teach`` with LASCE of this tau; it is the cheap network of the sweep on real maps."""
    choices = {"loss": "lasce", "loss_options": {"tau": tau}, "label": f"tau {tau:g}"}
    return Experiment.for_profile("ststnet", get_profile("teach"), **choices)


def ablation_runs() -> dict[str, Ablation]:
    """Return the planned ablation runs by name, in the order in which they are trained: cheapest and most needed first.

    Runs that `planned_runs` holds already (Dual-ATME with eyebrows and mouth, attention on the puzzle) are left out.
    """
    runs = {}
    for tau in TAUS:
        runs[f"tau-{tau:g}"] = Ablation("megc2019_flow", replace(tau_experiment(tau), seeds=TAU_SEEDS), open_maps)
    for label, options in {
        "Uncertainty-Aware": {},
        "Deterministic": {"monte_carlo": 0},
        "Full-Attention": {"attention": "full"},
    }.items():
        runs[f"uamrn-{label.lower()}"] = Ablation("smic_twin", _uamrn(label, **options), _uamrn_input)
    for attention in ("mixed", "channel", "spatial"):
        label = f"{attention.capitalize()} Attention"
        runs[f"larnet-{attention}"] = Ablation("casme2_twin", _larnet(label, attention), _larnet_input)
    whole, small = partial(_astnet_input, 3.0), partial(_astnet_input, 1.0)

    def add(name: str, experiment: Experiment, read: Callable[[Sources], Samples] = whole) -> None:
        runs[f"astnet-{name}"] = Ablation("smic_twin", experiment, read)

    add("cbam", _astnet("ASTNet"))
    add("none", _astnet("ASTNet without attention", attention="none"))
    add("spatial", _astnet("ASTNet, spatial attention", attention="spatial"))
    add("channel", _astnet("ASTNet, channel attention", attention="channel"))
    for batch in BATCHES[1:]:
        add(f"batch-{batch}", _astnet(f"ASTNet, batch {batch}", batch))
    for dropout in DROPOUTS:
        if dropout != 0.5:
            add(f"dropout-{dropout:g}", _astnet(f"ASTNet, dropout {dropout:g}", dropout=dropout))
    for position in (1, 2, 3, 4):
        add(f"position-{position}", _astnet(f"ASTNet, CBAM at {position}", cbam_position=position))
    add("unmagnified", _astnet("ASTNet without attention, not magnified", attention="none"), small)
    for label, regions in REGION_PAIRS.items():
        if label != "E.&M.":
            read = partial(_puzzle, regions)
            runs[f"regions-{'-'.join(regions)}"] = Ablation("megc2019_flow", _dual_atme(label), read)
    as_usual = partial(_puzzle, REGION_PAIRS["E.&M."])
    for label, options in {"shared CBAM": {"shared_cbam": True}, "features rescaled": {"rescale": True}}.items():
        name = f"dual-atme-{label.lower().replace(' ', '-')}"
        runs[name] = Ablation("megc2019_flow", _dual_atme(label, **options), as_usual)
    return runs


def committed_ablations() -> dict[str, pd.DataFrame]:
    """Return the committed predictions of `ablation_runs` by name; a run without all its seeds is left out."""
    planned = ablation_runs()
    found = {
        (folder, frame.attrs["experiment"]["label"], Experiment.from_dict(frame.attrs["experiment"]).digest): frame
        for folder in dict.fromkeys(each.folder for each in planned.values())
        for frame in every_reference(folder)
    }
    keys = {name: (each.folder, each.experiment.label, each.experiment.digest) for name, each in planned.items()}
    return {name: found[key] for name, key in keys.items() if key in found}


def already_planned() -> dict[str, str]:
    """Return the rows of ablation tables that are runs of `planned_runs`: the name of the planned run by row."""
    names = {"E.&M.": "dual-atme-10-hars-aars", "attention on the puzzle too": "dual-atme-10-hars-att-aars"}
    return {row: name for row, name in names.items() if name in planned_runs()}


def train_ablation(name: str, sources: Sources, root: Path | None = None, **how: object) -> pd.DataFrame:
    """Return the predictions of one ablation, read or trained now, and write its reference when it was trained.

    Parameters
    ----------
    name : str
        A key of `ablation_runs`.
    sources : Sources
        Cache, folders of the public maps, and processes.
    root : path, optional
        Folder of references; ``results/reference`` or what MERLIB_REFERENCES names by default.
    **how
        Further arguments of `learning.run`, such as ``store`` and ``device``.

    Raises
    ------
    MerlibError
        When there is no such run, or the folder of the maps that it needs was not named.
    """
    planned = ablation_runs()
    if name not in planned:
        raise unknown_name("ablation", name, planned)
    samples = planned[name].samples(sources)
    predictions = run(planned[name].experiment, samples, workers=sources.workers, **how)
    root = root or reference_root()
    if root is not None and predictions.attrs["origin"] != "reference":
        save_reference(predictions, planned[name].experiment, samples, root)
    return predictions

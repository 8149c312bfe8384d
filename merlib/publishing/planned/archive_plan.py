"""The planned runs on both public archives of maps: humble baselines, the champion, and the networks beside them.

They were declared in `ANALYSIS_PLAN.md`, "Both archives": each method runs on two preprocessings of the same clips. The
cheapest come first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from merlib.clips.samples import Samples
from merlib.datasets.archive.both import both_archives
from merlib.datasets.placebo import placebo
from merlib.datasets.registry import open_samples
from merlib.errors import MerlibError
from merlib.learning.experiment import Experiment
from merlib.models.dual_atme import TABLE1_OPTIONS
from merlib.profiles import get_profile
from merlib.publishing.planned.plan import MAPS, PUZZLES, TEN_FOLDS, PlannedRun, planned_runs
from merlib.sources.joined_names import AND, PLACEBO, sources_in

FLOW, PHASES = "megc2019-flow", "megc2019-phases"
BOTH, SHUFFLED = FLOW + AND + PHASES, PHASES + PLACEBO
# beginnings of the digests of the samples: of the maps, both archives and the placebo; with the puzzle; as a sequence
DIGESTS = {FLOW: MAPS, PHASES: "9d5e3beaa019", BOTH: "edd16970c0b5", SHUFFLED: "1ee46dc72773"}
WITH_PUZZLE = {FLOW: PUZZLES, PHASES: "b4662f42ae54"}
SEQUENCE = "2b12692fe9c7"

HUMBLE = {
    "majority": "Most frequent class",
    "linear": "Linear on pixels",
    "rbf_svm": "RBF SVM on pixels",
    "extra_trees": "Extra trees on pixels",
    "humble_mean": "Mean of line, SVM and trees",
}
HANDCRAFTED = {  # they read maps, not clips as published; each module says what is lost by that
    "bi_woof_maps": "Bi-WOOF on maps",
    "hoof_maps": "HOOF on maps",
    "mdmo_maps": "MDMO on maps",
}
NETWORKS = {  # name: model, label, protocol, choices
    "rcn-a-loso": ("rcn", "RCN_a", "loso", {"options": {"variant": "a"}}),
    "ststnet-loso": ("ststnet", "STSTNet", "loso", {}),
    "dual-atme-loso": ("dual_atme", "HARS + AARS", "loso", {"options": TABLE1_OPTIONS["HARS + AARS"]}),
    "am3f-loso-lasce": ("am3f_flownet", "AM3F-FlowNet", "loso", {}),
    "rcn-w-10": ("rcn", "RCN_w", TEN_FOLDS, {"options": {"variant": "w"}}),
    "rcn-c-10": ("rcn", "RCN_c", TEN_FOLDS, {"options": {"variant": "c"}}),
    "rcn-f-10": ("rcn", "RCN_f", TEN_FOLDS, {"options": {"variant": "f"}}),
    "off-apexnet-10": ("off_apexnet", "OFF-ApexNet", TEN_FOLDS, {"epochs": 300}),
    "dual-inception-10": ("dual_inception", "Dual-Inception", TEN_FOLDS, {"epochs": 40}),
    "resnet18-10": ("resnet18", "ResNet-18 on 28 x 28", TEN_FOLDS, {"options": {"size": 28}}),
}
FAMILIES = {
    "champion, first archive": [
        ("flow-champion-loso", other) for other in ("linear-loso", "am3f-loso-lasce", "dual-atme-loso")
    ],
    "champion, second archive": [
        ("phases-champion-loso", f"phases-{other}") for other in ("linear-loso", "am3f-loso-lasce", "dual-atme-loso")
    ],
}


def _planned(model: str, label: str, protocol: str, data: str, digest: str = "", **choices: object) -> PlannedRun:
    experiment = replace(
        Experiment.for_profile(model, get_profile("paper"), label=label, **choices), protocol=protocol, seeds=(0,)
    )
    known = WITH_PUZZLE if model == "dual_atme" else DIGESTS
    return PlannedRun(experiment, digest or known[data], data)


def archive_runs() -> dict[str, PlannedRun]:
    """Return the planned runs on both archives by name, in the order in which they are made.

    A name begins with its archive: ``flow-``, ``phases-`` or ``both-``. Runs that `planned_runs` holds for the first
    archive (the linear classifier, STSTNet, Dual-ATME, AM3F) are left out.
    """
    archives = {"flow": FLOW, "phases": PHASES}
    already, runs = planned_runs(), {}
    for short, data in archives.items():
        for model, label in HUMBLE.items():
            if not (short == "flow" and f"{model}-loso" in already):
                runs[f"{short}-{model.replace('_', '-')}-loso"] = _planned(model, label, "loso", data)
        runs[f"{short}-champion-loso"] = _planned("champion", "Champion", "loso", data)
    runs["flow-champion-unmirrored-loso"] = _planned(
        "champion", "Champion without mirror images", "loso", FLOW, options={"mirror": False}
    )
    runs["phases-champion-placebo-loso"] = _planned("champion", "Champion, PLACEBO", "loso", SHUFFLED)
    chosen = {
        "greedy": ("Views chosen inside (greedy)", {}),
        "single": ("View chosen inside (single)", {"single": True}),
        "other-sets": ("Views chosen on the other data sets", {"other_sets": True}),
    }
    for name, (label, options) in chosen.items():
        runs[f"both-chosen-{name}-loso"] = _planned("chosen_views", label, "loso", BOTH, options=options)
    for model, label in HANDCRAFTED.items():
        for short, data in archives.items():
            runs[f"{short}-{model.replace('_', '-')}-loso"] = _planned(model, label, "loso", data)
    for name, (model, label, protocol, choices) in NETWORKS.items():
        for short, data in archives.items():
            if not (short == "flow" and name in already):
                runs[f"{short}-{name}"] = _planned(model, label, protocol, data, **choices)
    runs["phases-astnet-10"] = _planned(
        "astnet",
        "ASTNet on two phases",
        TEN_FOLDS,
        PHASES,
        SEQUENCE,
        options={"width": 16, "steps": 2},
        copies=1,
        augmentation=("flip", "crop"),  # maps stretched by their own range cannot be rotated
    )
    return runs


def every_planned_run() -> dict[str, PlannedRun]:
    """Return `planned_runs` and `archive_runs` together."""
    return planned_runs() | archive_runs()


def open_planned(planned: PlannedRun, folders: Mapping[str, Path]) -> Samples:
    """Return the samples of a planned run from the folders of the public archives.

    Raises
    ------
    MerlibError
        When a folder that the run needs was not named.
    """
    sources = sources_of(planned)
    for source in sources:
        if source not in folders:
            raise MerlibError(
                f"no folder of {source}.",
                f"--data {source}=DIR with the public flow maps.",
                f"fetch them: merlib data get {source}.",
            )
    opened = [open_samples(source, folders) for source in sources]
    samples = both_archives(*opened) if len(opened) == 2 else opened[0]
    return placebo(samples) if planned.data.endswith(PLACEBO) else samples


def sources_of(planned: PlannedRun) -> list[str]:
    """Return the names of the archives that a planned run reads."""
    return list(sources_in(planned.data))

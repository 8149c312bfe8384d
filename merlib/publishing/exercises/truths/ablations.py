"""Answers of notebook 11: how many clips a printed gain amounts to, and how often luck alone gives one."""

from __future__ import annotations

from merlib.explaining.shape_trace import count_parameters
from merlib.models import build_model
from merlib.publishing.exercises.answers import Number, exercise
from merlib.publishing.study import Study
from merlib.publishing.tables.data import accuracies_of, possible_sizes
from merlib.scoring import holm
from merlib.sources.reported import reported_values


@exercise("11.smallest")
def smallest(study: Study) -> Number:
    """Parameters of the smallest variant as a share of the full network's."""
    full = count_parameters(build_model("am3f_flownet"))
    small = count_parameters(build_model("am3f_flownet", multi_scale=False, msff=False))
    return Number(small / full, share=True, mistakes={1 - small / full: "that is the share that was taken away."})


@exercise("11.clips")
def clips(study: Study) -> Number:
    """How many more clips the full network classifies correctly than the one without MOFRW, as printed."""
    cells = reported_values("am3f.table4").set_index(["row", "column"])["value"]
    percent = cells["AM3F-FlowNet", "casme2.acc"] - cells["AM3F-FlowNet without MOFRW", "casme2.acc"]
    size = int(possible_sizes(accuracies_of("am3f.table4"), range(100, 300))["N"].iloc[0])
    mistakes = {percent: "those are percentage points; of how many clips?"}
    return Number(round(percent / 100 * size), mistakes=mistakes, because="so few clips of a few people make the gain.")


@exercise("11.luck")
def luck(study: Study) -> Number:
    """Probability that at least one of three tests of modules that do nothing rejects at .05."""
    truth = 1 - (1 - 0.05) ** 3
    mistakes = {
        3 * 0.05: "nearly: two tests may reject at once, and are then counted twice.",
        0.05: "that is one test.",
    }
    return Number(truth, within=0.002, share=True, mistakes=mistakes)


@exercise("11.holm")
def corrected(study: Study) -> Number:
    """The smallest of the p values .012, .03 and .2 after Holm's correction."""
    printed = {"multi-scale": 0.012, "MSFF": 0.03, "MOFRW": 0.2}
    told = holm(printed)
    mistakes = {
        printed["multi-scale"]: "that is the value before the correction.",
        told["MSFF"]: "that is another one.",
    }
    return Number(told["multi-scale"], share=True, mistakes=mistakes)

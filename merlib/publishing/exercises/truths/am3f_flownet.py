"""Answers of notebook 04: where the parameters of AM3F-FlowNet are, and in which folds a batch holds one clip."""

from __future__ import annotations

from merlib.explaining.shape_trace import count_parameters
from merlib.learning.recipes import get_recipe
from merlib.models import build_model
from merlib.publishing.exercises.answers import Choice, Number, exercise
from merlib.publishing.study import Study
from merlib.sources.counts import subject_counts


def _parts() -> dict[str, int]:
    model = build_model("am3f_flownet", classes=3)
    parts = {name: count_parameters(module) for name, module in model.named_children()}
    return {name: count for name, count in parts.items() if count}


@exercise("04.part")
def part(study: Study) -> Choice:
    """The part that holds most parameters."""
    parts = _parts()
    most = max(parts, key=parts.get)
    return Choice(most, dict.fromkeys(parts, "fewer are there. Which layer reads every position of every map?"))


@exercise("04.classifier_share")
def classifier_share(study: Study) -> Number:
    """Share of the parameters in the last linear layer."""
    parts = _parts()
    total = sum(parts.values())
    mistakes = {parts["branches"] / total: "that is the share of the branches."}
    return Number(parts["classifier"] / total, share=True, mistakes=mistakes)


@exercise("04.mofrw")
def mofrw(study: Study) -> Number:
    """Parameters that MOFRW costs."""
    full = count_parameters(build_model("am3f_flownet", classes=3))
    without = count_parameters(build_model("am3f_flownet", classes=3, mofrw=False))
    mistakes = {without: "that is what is left without it."}
    return Number(full - without, mistakes=mistakes, because="a module may cost next to nothing.")


@exercise("04.lonely")
def lonely(study: Study) -> Number:
    """Folds of leave-one-subject-out whose last batch would hold one clip."""
    people = subject_counts("megc2019_cd").groupby("subject")["n"].sum()
    left = (people.sum() - people) % get_recipe("am3f_flownet").batch_size
    mistakes = {int((people == 1).sum()): "so many people have a single clip; look at what is left without a person."}
    return Number(int((left == 1).sum()), mistakes=mistakes, because="batch norm has no spread there (AM3F-A20).")

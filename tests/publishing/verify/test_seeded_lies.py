"""Twenty lies with every hash renewed: each turns red, computed again or trained again; what is honest stays green."""

from __future__ import annotations

import pytest
from as_committed import FLOW, Laboratory
from seeded_lies import LIES

from merlib.models import register_model, registry
from merlib.publishing.verify.committed import read_committed, verify_committed
from merlib.publishing.verify.finding import counted
from merlib.publishing.verify.retraining import choose_folds, fold_finding, verify_folds

# what no training is needed for; the others are consistent in themselves and only a fold trained again tells them
COMPUTED = {
    "label_flipped",
    "fold_dropped",
    "fold_doubled",
    "clip_doubled",
    "two_classes_swapped",
    "metric_under_another_name",
    "macro_precision_called_uar",
    "interval_from_clips",
    "mean_of_folds_called_pooled",
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """An honest folder; every copy of it that lies is made from it."""
    patch = pytest.MonkeyPatch()
    patch.setenv("MERLIB_REFERENCES", "off")
    patch.setenv("MERLIB_PROGRESS", "off")
    patch.setattr(registry, "_MODELS", dict(registry._MODELS))
    register_model("plain_net", "toy_models", "PlainNet")
    yield Laboratory(tmp_path_factory.mktemp("lab"))
    patch.undo()


def trained_again(lab, root):
    """Train again the folds of what lies (or of everything), but for those whose rows are the honest ones."""
    references, refused = read_committed(root)
    assert not refused  # no hash, name or list gives anything away
    honest = {one.name: one.rows for one in read_committed(lab.honest)[0]}
    changed = [one for one in references if not one.rows.equals(honest[one.name])]
    chosen = choose_folds(changed or references, sample=100)
    again = verify_folds(chosen, lambda one: lab.samples[FLOW], lab.verified)
    return [fold_finding(one, each.reference) for one, each in zip(again, chosen, strict=True)]


def test_twenty_lies_are_told():
    assert len(LIES) == 20
    assert LIES.keys() >= COMPUTED


@pytest.mark.long
def test_everything_honest_is_green(lab):
    found = verify_committed(lab.honest) + trained_again(lab, lab.honest)
    assert counted(found) == {"green": 23, "red": 0, "open": 0}, [one.said for one in found if one.verdict != "green"]


@pytest.mark.long
@pytest.mark.parametrize("name", LIES)
def test_a_lie_turns_red_with_every_hash_renewed(lab, name):
    root = lab.copy(name)
    LIES[name](lab, root)
    _, refused = read_committed(root)
    assert not refused
    computed = counted(verify_committed(root))["red"]
    if name in COMPUTED:
        assert computed
    else:
        assert not computed  # it contradicts nothing that is known without training
        assert counted(trained_again(lab, root))["red"]

"""What every registered model promises: a new model adds a line to `NETWORKS` or `ESTIMATORS`, and passes all of this.

Networks are built narrow and small, so that all of this takes well under a minute; what is special about a network is
tested beside its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch
from one_batch import accuracy_after_overfitting, logits_of, loss_of, parameters_without_gradient
from sklearn.base import clone

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.learning import Experiment
from merlib.learning.folds import Fold
from merlib.learning.recipes import get_recipe
from merlib.learning.training import loop as training
from merlib.models import available, build_model
from merlib.models.registry import model_module

CLASSES = 4  # not the default, so that a hard-wired three is noticed
LABELS = torch.tensor([0, 1, 2, 3, 0, 1])
FLOW = {"flow": (3, 28, 28)}


@dataclass(frozen=True)
class Narrow:
    """A network small enough to train here: its options, what a row of each input looks like, and its learning rate."""

    name: str
    options: Mapping[str, object]
    inputs: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: FLOW)
    rate: float = 5e-3

    def __str__(self) -> str:
        words = [str(v) for v in self.options.values() if isinstance(v, str)]
        return "-".join([self.name, *words])

    def build(self, seed: int = 0) -> torch.nn.Module:
        torch.manual_seed(seed)
        return build_model(self.name, classes=CLASSES, **self.options)

    def batch(self, rows: int = len(LABELS)) -> dict[str, torch.Tensor]:
        random = torch.Generator().manual_seed(7)
        return {name: torch.randn(rows, *shape, generator=random) for name, shape in self.inputs.items()}


NETWORKS = [
    Narrow("am3f_flownet", {"filters": (4, 8), "dropout": 0.0}),
    Narrow("am3f_flownet", {"filters": (4, 8), "dropout": 0.0, "msff": False}),
    Narrow("am3f_flownet", {"filters": (4, 8), "dropout": 0.0, "mofrw": False, "multi_scale": False}),
    Narrow("astnet", {"width": 4, "steps": 3}, {"flow_sequence": (3, 3, 64, 64)}),
    Narrow("astnet", {"width": 4, "steps": 3, "attention": "none"}, {"flow_sequence": (3, 3, 64, 64)}),
    Narrow("astnet", {"width": 4, "steps": 3, "cbam_position": 2}, {"flow_sequence": (3, 3, 64, 64)}),
    Narrow("dual_atme", {"hidden": 32}, {"flow": (3, 28, 28), "puzzle": (3, 28, 28)}),
    Narrow("dual_atme", {"hidden": 32, "hars_attention": True}, {"flow": (3, 28, 28), "puzzle": (3, 28, 28)}),
    Narrow("dual_atme", {"hidden": 32, "branches": "hars", "hars_attention": True}, {"puzzle": (3, 28, 28)}),
    Narrow("dual_atme", {"hidden": 32, "branches": "aars"}),
    Narrow("larnet", {"width": 4, "image_size": 32}, {"frames": (3, 32, 32)}),
    Narrow("larnet", {"width": 4, "image_size": 32, "stages": ("emoresnet",)}, {"frames": (3, 32, 32)}),
    Narrow("uamrn", {"length": 6, "front_size": 16, "width": 32}, {"front": (6, 16)}),
    Narrow("uamrn", {"length": 6, "front_size": 16, "width": 32, "monte_carlo": 0}, {"front": (6, 16)}),
    Narrow("ststnet", {"dropout": 0.0}, rate=1e-2),
    Narrow("off_apexnet", {"filters": (3, 4), "hidden": 16, "dropout": 0.0}),
    Narrow("dual_inception", {"filters": (2, 3), "hidden": 16}),
    Narrow("resnet18", {"width": 4, "size": 32}),
    Narrow("resnet18", {"width": 4, "size": None}),
    *(Narrow("rcn", {"features": 8, "pool": 3, "dropout": 0.0, "variant": variant}, rate=2e-2) for variant in "aswcf"),
    Narrow("capsulenet", {"width": 4, "size": 136}, {"apex": (3, 136, 136)}),
    Narrow("mmnet", {"width": 4, "stem": 6, "size": 32}, {"onset_apex": (2, 3, 32, 32)}),
    Narrow("htnet", {"width": 12, "depths": (1, 1, 2)}),
    Narrow("microexpstcnn", {"filters": 4, "size": 16, "dropout": 0.0}, {"frames": (18, 3, 16, 16)}, rate=1e-2),
]
ESTIMATORS = {name: {} for name in ("linear", "majority", "rbf_svm", "extra_trees", "humble_mean", "champion")}
HELD_ELSEWHERE = {"chosen_views"}  # reads a dict of two archives: test_chosen_views.py

NAMED = [narrow.name for narrow in NETWORKS]
each_network_once = [  # its variants in `make slow`
    pytest.param(narrow, marks=() if NAMED.index(narrow.name) == index else pytest.mark.slow, id=str(narrow))
    for index, narrow in enumerate(NETWORKS)
]
every_network = pytest.mark.parametrize("narrow", NETWORKS, ids=str)
every_estimator = pytest.mark.parametrize("name", ESTIMATORS)


def outputs_of(model, inputs) -> torch.Tensor:
    with torch.no_grad():
        return logits_of(model(inputs))


def test_every_registered_model_is_held_to_the_contract():
    ours = {name for name in available() if model_module(name).startswith("merlib.")}
    handcrafted = {name for name in ours if ".handcrafted." in model_module(name)}  # test_handcrafted_estimators.py
    assert {narrow.name for narrow in NETWORKS} | set(ESTIMATORS) == ours - handcrafted - HELD_ELSEWHERE


@pytest.mark.long
@every_network
def test_it_reads_the_inputs_it_names_and_gives_one_row_of_logits_each(narrow):
    model, inputs = narrow.build().eval(), narrow.batch()
    names = getattr(model, "input_names", None) or (model.input_name,)
    assert set(names) == set(inputs)
    output = model(inputs)
    assert isinstance(output, torch.Tensor) or output[0] is output.logits
    assert logits_of(output).shape == (len(LABELS), CLASSES)
    assert logits_of(output).isfinite().all()


@pytest.mark.long
@every_network
def test_rows_do_not_influence_each_other_at_inference(narrow):
    model, inputs = narrow.build().eval(), narrow.batch()
    alone = outputs_of(model, {name: rows[2:3] for name, rows in inputs.items()})
    torch.testing.assert_close(outputs_of(model, inputs)[2:3], alone, rtol=1e-4, atol=1e-4)


@pytest.mark.long
@every_network
def test_a_loss_reaches_every_parameter(narrow):
    assert parameters_without_gradient(narrow.build(), narrow.batch(), LABELS, loss_of(narrow.name)) == []


@pytest.mark.long
@pytest.mark.parametrize("narrow", each_network_once)
def test_it_learns_one_batch_by_heart(narrow):
    model, loss = narrow.build(), loss_of(narrow.name)
    rate = {"steps": 80, "learning_rate": narrow.rate}
    assert accuracy_after_overfitting(model, narrow.batch(), LABELS, loss=loss, **rate) == 1.0


@pytest.mark.long
@every_network
def test_the_readable_loop_trains_a_fold_by_its_recipe(narrow, monkeypatch):
    monkeypatch.setattr(training, "fast_forward", lambda model: model)  # fast steps have tests of their own
    rows, names = 12, [f"{number:02d}" for number in range(12)]
    inputs = {name: values.numpy() for name, values in narrow.batch(rows).items()}
    classes = tuple(f"class{number}" for number in range(CLASSES))
    columns = {"labels": np.arange(rows) % CLASSES, "subjects": names, "datasets": ["toy"] * rows, "clips": names}
    samples = Samples(inputs=inputs, classes=classes, name="toy", synthetic=True, unit="px", **columns)
    recipe = replace(get_recipe(narrow.name), epochs=1, iterations=0, batch_size=5)
    experiment = Experiment(narrow.name, recipe, options=narrow.options)
    result = training.train_fold(experiment, samples, Fold("one", np.arange(10), np.array([10, 11])), 0)
    assert result.scores.shape == (2, CLASSES)
    np.testing.assert_allclose(result.scores.sum(1), 1, atol=1e-5)
    assert len(result.curves["loss"]) == 1


@pytest.mark.long
@every_network
def test_its_state_makes_another_one_of_it(narrow):
    first, second, inputs = narrow.build(0).eval(), narrow.build(1).eval(), narrow.batch()
    assert not torch.equal(outputs_of(first, inputs), outputs_of(second, inputs))
    second.load_state_dict(first.state_dict())
    assert torch.equal(outputs_of(first, inputs), outputs_of(second, inputs))


@pytest.mark.long
@every_network
def test_the_same_seed_trains_to_the_same_bits(narrow):
    results = []
    for _ in range(2):
        model = narrow.build()
        accuracy_after_overfitting(model, narrow.batch(), LABELS, steps=2, loss=loss_of(narrow.name))
        results.append(outputs_of(model.eval(), narrow.batch()))
    assert torch.equal(*results)


@every_network
def test_a_missing_input_and_one_of_another_shape_are_refused_by_name(narrow):
    model, inputs = narrow.build(), narrow.batch(2)
    for name, rows in inputs.items():
        wrongs = [None, rows[0], rows[:, :-1]]
        wrongs += (
            [rows[:, :, :-1]] if rows.ndim != 4 else []
        )  # a channel of each picture, a feature; of maps, any height
        for wrong in wrongs:
            given = {**inputs, name: wrong} if wrong is not None else {k: v for k, v in inputs.items() if k != name}
            with pytest.raises(MerlibError) as refused:
                model(given)
            assert narrow.name in refused.value.found
            assert repr(name) in refused.value.expected
            assert f"(N, {narrow.inputs[name][0]}," in refused.value.expected
            if wrong is not None:
                assert str(tuple(wrong.shape)) in refused.value.found


def separable_maps(rows: int = 30) -> tuple[np.ndarray, np.ndarray]:
    labels = np.arange(rows) % 3
    maps = np.random.default_rng(0).normal(128, 5, (rows, 3, 28, 28)).astype(np.float32)
    maps[np.arange(rows), labels] += 20
    return maps, labels


@pytest.mark.long
@every_estimator
def test_an_estimator_gives_probabilities_in_the_order_of_its_classes(name):
    maps, labels = separable_maps()
    model = build_model(name, **ESTIMATORS[name]).fit(maps, labels)
    probabilities = model.predict_proba(maps)
    assert model.classes_.tolist() == [0, 1, 2]
    assert probabilities.shape == (len(maps), 3)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-6)
    assert np.array_equal(model.classes_[probabilities.argmax(1)], model.predict(maps))
    if name != "majority":
        assert np.array_equal(model.predict(maps), labels)


@pytest.mark.long
@every_estimator
def test_an_estimator_fitted_again_gives_the_same_and_a_clone_knows_nothing(name):
    maps, labels = separable_maps()
    model = build_model(name, **ESTIMATORS[name]).fit(maps, labels)
    again = clone(model)
    with pytest.raises(Exception, match="not fitted"):
        again.predict(maps)
    assert np.array_equal(again.fit(maps, labels).predict_proba(maps), model.predict_proba(maps))

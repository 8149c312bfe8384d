"""The contract of an estimator, for every hand-crafted method: clone, fit, score; wrong input refused."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.svm import SVC

from merlib.errors import MerlibError
from merlib.models import build_model
from merlib.models.handcrafted.svm import VotingSVC

FRAMES = {"lbp_top", "lbp_sip"}
MAPS = {"bi_woof_maps", "hoof_maps", "mdmo_maps"}
SEQUENCES = {"hoof", "mdmo"}
INPUTS = {"lbp_top": "frames", "lbp_sip": "frames", "hoof": "step_flows", "mdmo": "onset_flows"}
ALL = sorted(FRAMES | MAPS | SEQUENCES | {"bi_woof"})


def toy(name, n=30, seed=0):
    """Rows of three classes: each moves, or brightens, in a direction of its own."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    if name in FRAMES:
        frames = random.random((n, 9, 3, 12, 12)) * 0.3
        ramp = np.linspace(0, 0.6, 12)
        for row, label in zip(frames, labels, strict=True):
            row += [0, ramp[:, None], ramp[None]][label]
        return frames.astype(np.float32), labels
    angle = np.array([-60, 10, 70])[labels] * np.pi / 180
    motion = np.stack([np.cos(angle), np.sin(angle), 0 * angle + 1])  # (3, n)
    maps = random.normal(0, 0.2, (n, 3, 24, 24)) + 0.1
    maps[:, :, :10, :10] += motion.T[:, :, None, None]
    maps[:, 2] = np.abs(maps[:, 2])
    if name in MAPS:
        low, high = maps.min((2, 3), keepdims=True), maps.max((2, 3), keepdims=True)
        return np.rint(255 * (maps - low) / (high - low)), labels
    return (np.stack([maps, maps], axis=1) if name in SEQUENCES else maps), labels


@pytest.mark.parametrize("name", ALL)
def test_a_method_learns_a_toy_and_its_scores_agree_with_its_predictions(name):
    x, y = toy(name)
    model = clone(build_model(name, C=100.0)).fit(x, y)
    other, truth = toy(name, seed=1)
    scores = model.predict_proba(other)
    assert scores.shape == (30, 3)
    np.testing.assert_allclose(scores.sum(1), 1)
    np.testing.assert_array_equal(model.classes_[scores.argmax(1)], model.predict(other))
    assert (model.predict(other) == truth).mean() > 0.8


@pytest.mark.parametrize("name", ALL)
def test_a_feature_of_a_clip_depends_on_that_clip_alone(name):
    x, y = toy(name)
    features = clone(build_model(name)[0])
    alone = features.fit(x[:1], y[:1]).transform(x[3:4])
    np.testing.assert_array_equal(features.fit(x, y).transform(x)[3:4], alone)
    np.testing.assert_array_equal(features.fit_transform(x, y)[3:4], alone)


@pytest.mark.parametrize("name", ALL)
def test_a_method_tells_which_input_it_reads_also_when_cloned(name):
    assert clone(build_model(name)).input_name == INPUTS.get(name, "flow")


@pytest.mark.parametrize("name", ALL)
def test_wrong_input_is_refused_in_fit_and_in_prediction(name):
    x, y = toy(name)
    flat = x.reshape(len(x), -1)
    with pytest.raises(MerlibError, match=name.removesuffix("_maps")):
        build_model(name).fit(flat, y)
    with pytest.raises(MerlibError, match="shape"):
        build_model(name).fit(x, y).predict_proba(flat)


@pytest.mark.parametrize("name", ["bi_woof", "hoof", "mdmo"])
def test_stretched_maps_are_refused_and_the_method_named_instead_takes_them(name):
    x, y = toy(f"{name}_maps")
    with pytest.raises(MerlibError, match=f"{name}_maps") as caught:
        build_model(name).fit(x, y)
    assert 'still="median"' in caught.value.action
    build_model(f"{name}_maps").fit(x, y)
    build_model(name, still="median").fit(x, y)


def test_scores_of_two_classes_and_of_three_order_them_as_libsvm_does():
    random = np.random.default_rng(0)
    for classes in (2, 3, 5):
        x, y = random.normal(size=(60, 4)), np.arange(60) % classes
        x[:, 0] += y
        model = VotingSVC(C=1.0).fit(x, y)
        votes = SVC(C=1.0, decision_function_shape="ovr", break_ties=classes > 2).fit(x, y)
        np.testing.assert_array_equal(model.predict_proba(x).argmax(1), votes.predict(x))

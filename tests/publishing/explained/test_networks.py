"""Explained networks are those that the predictions come from; what is kept of them is believed when it is whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_predictions import make_samples

from merlib.errors import MerlibError
from merlib.learning import Experiment, get_recipe, run
from merlib.publishing.explained.networks import attention, trained_networks

OPTIONS = {"filters": [2, 3], "multi_scale": False, "msff": False}


def experiment() -> Experiment:
    from dataclasses import replace

    recipe = replace(get_recipe("am3f_flownet"), epochs=1, batch_size=8)
    return Experiment("am3f_flownet", recipe, "groupkfold:2", options=OPTIONS)


@pytest.fixture(scope="module")
def explained(tmp_path_factory):
    kept = tmp_path_factory.mktemp("networks")
    samples = make_samples()
    return samples, kept, trained_networks(experiment(), samples, kept, workers=1)


def test_the_networks_answer_as_the_run_whose_fold_they_are(explained, tmp_path):
    samples, _, ours = explained
    theirs = run(experiment(), samples, store=tmp_path, workers=1, references=False)
    columns = ["fold", "clip", "prediction", *(f"score_{name}" for name in samples.classes)]
    assert ours.predictions[columns].equals(theirs[columns])
    assert ours.predictions.attrs["experiment_digest"] == theirs.attrs["experiment_digest"]


def test_every_clip_is_explained_by_a_network_that_never_saw_its_person(explained):
    samples, _, ours = explained
    assert ours.rows.tolist() == list(range(len(samples)))
    for fold, (_, _, rows) in zip(ours.folds, ours.tested(), strict=True):
        assert not set(samples.groups[fold.train]) & set(samples.groups[rows])


def test_inputs_are_normalised_by_the_training_rows_of_their_fold(explained):
    samples, _, ours = explained
    train = samples.inputs["flow"][ours.folds[0].train]
    wanted = (samples.inputs["flow"][:1] - train.mean((0, 2, 3))[:, None, None]) / train.std((0, 2, 3), ddof=1)[
        :, None, None
    ]
    np.testing.assert_allclose(ours.inputs_of(0, np.array([0]))["flow"], wanted, rtol=1e-4, atol=1e-5)


def test_kept_networks_are_read_again_and_damaged_ones_trained_anew(explained, monkeypatch):
    samples, kept, ours = explained
    from merlib.publishing.explained import networks

    trained = []
    train = networks._train
    monkeypatch.setattr(networks, "_train", lambda *asked: trained.append(asked) or train(*asked))
    again = trained_networks(experiment(), samples, kept, workers=1)
    assert trained == []
    assert again.predictions.equals(ours.predictions)
    assert torch.equal(again.networks[0].classifier.weight, ours.networks[0].classifier.weight)
    first = sorted(kept.iterdir())[0]
    content = bytearray(first.read_bytes())
    content[-1] ^= 1
    first.write_bytes(bytes(content))
    mended = trained_networks(experiment(), samples, kept, workers=1)
    assert len(trained) == 1
    assert mended.predictions.equals(ours.predictions)


def test_maps_lie_in_the_order_of_the_rows(explained):
    from merlib.explaining.grad_cam import grad_cam, places

    samples, _, ours = explained
    maps = attention(ours)["flow"]
    network, inputs, rows = list(ours.tested())[1]
    alone = {name: values[3:4] for name, values in inputs.items()}
    one = grad_cam(places(network)["flow"], alone, samples.labels[rows[3:4]])[0]
    np.testing.assert_allclose(maps[rows[3]], one, atol=1e-6)


def test_another_class_may_be_asked_for(explained):
    _, _, ours = explained
    predicted = attention(ours, asked="prediction")["flow"]
    wrong = (ours.predictions["prediction"] != ours.predictions["label"]).any()
    assert wrong, "a network that is always right would not tell the two apart"
    assert not np.array_equal(predicted, attention(ours)["flow"])
    with pytest.raises(MerlibError, match="label or prediction"):
        attention(ours, asked="guess")


def test_random_weights_differ_from_draw_to_draw_and_come_back_the_same(explained):
    _, _, ours = explained
    first, again, second = (ours.with_random_weights(draw).networks[0].classifier.weight for draw in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    assert not torch.equal(first, ours.networks[0].classifier.weight)


def test_no_fold_is_refused(explained):
    with pytest.raises(MerlibError, match="1 or more"):
        trained_networks(experiment(), explained[0], folds=0)

"""Each liberty does what its name says, and the honest run does not; toy maps, SYNTHETIC."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from toy_samples import make_experiment, make_samples

from merlib.errors import MerlibError
from merlib.learning import run
from merlib.learning.folds import check_disjoint, make_folds
from merlib.learning.leaky.laboratory import Laboratory
from merlib.learning.leaky.liberties import HONEST, LIBERTIES, Training, candidates, liberties_of
from merlib.learning.leaky.trainings import choose_epoch, estimator_scores, leaky_rows, network_scores
from merlib.learning.training.augmentation import mirror
from merlib.scoring import uf1

PEOPLE_APART = "groupkfold:3"
TOY = make_experiment(protocol=PEOPLE_APART, seeds=(0, 1), loss="lasce", loss_options={"tau": 0.5}, epochs=4)
LINE = make_experiment("linear", protocol=PEOPLE_APART, augmentation=("mirrored_copies",))
MODELS = {"network": (TOY, network_scores), "line": (LINE, estimator_scores)}


@pytest.fixture
def maps():
    """Six people with five clips each, in unequal classes."""
    made = make_samples(people=6, each=5)
    return replace(made, labels=np.array([0, 0, 0, 1, 2] * 6))


def in_order(frame):
    return frame.sort_values(["seed", "dataset", "subject", "clip"], ignore_index=True)


def scores_of(frame):
    return in_order(frame).filter(like="score_").to_numpy()


@pytest.mark.long
@pytest.mark.parametrize("experiment", [TOY, LINE], ids=["network", "line"])
def test_the_honest_run_is_the_engine_s_bit_for_bit(experiment, maps, tmp_path):
    ours = Laboratory(experiment, maps, tmp_path / "cache").take(HONEST)
    theirs = run(experiment, maps, store=tmp_path / "store", workers=1, references=False)
    np.testing.assert_array_equal(scores_of(ours), scores_of(theirs))
    assert in_order(ours)["prediction"].tolist() == in_order(theirs)["prediction"].tolist()


def test_clips_dealt_at_random_put_people_on_both_sides_of_folds_as_large(maps):
    _, honest = leaky_rows(maps, PEOPLE_APART, Training(), 0)
    _, dealt = leaky_rows(maps, PEOPLE_APART, Training(clips_dealt=True), 0)
    check_disjoint(honest, maps.groups)
    with pytest.raises(MerlibError, match="is in training and test"):
        check_disjoint(dealt, maps.groups)
    assert [(len(fold.train), len(fold.test)) for fold in dealt] == [(len(f.train), len(f.test)) for f in honest]
    assert sorted(np.concatenate([fold.test for fold in dealt])) == list(range(len(maps)))
    assert not any(set(fold.train) & set(fold.test) for fold in dealt)
    other = leaky_rows(maps, PEOPLE_APART, Training(clips_dealt=True), 1)[1]
    assert any(fold.digest != again.digest for fold, again in zip(dealt, other, strict=True))


def test_copies_made_first_bring_every_tested_clip_into_training(maps):
    rows, folds = leaky_rows(maps, PEOPLE_APART, Training(copies_first=True), 0)
    flow, n = rows.inputs["flow"], len(maps)
    for fold, honest in zip(folds, make_folds(PEOPLE_APART, maps), strict=True):
        assert fold.test.tolist() == honest.test.tolist()
        assert len(fold.train) == 2 * len(honest.train)
        assert set(n + fold.test) <= set(fold.train)
        np.testing.assert_array_equal(flow[n + fold.test], mirror(flow[fold.test], maps.unit))
        assert not set(fold.test) & set(fold.train)


def test_an_epoch_is_chosen_by_the_truth_of_the_test_clips():
    right = np.array([[1, 0], [0, 1]], float)
    wrong = right[::-1]
    epochs = np.stack([np.concatenate(pair) for pair in ((right, wrong), (wrong, right), (wrong, wrong))])
    labels, parts = np.array([0, 1, 0, 1]), np.array(["a", "a", "b", "b"])
    for by in ("fold", "subject"):
        chosen = choose_epoch(epochs, labels, parts, by)
        assert (chosen.argmax(1) == labels).all()
        assert (epochs[-1].argmax(1) != labels).all()  # the honest last epoch
        other = choose_epoch(epochs, 1 - labels, parts, by)
        assert (other.argmax(1) == 1 - labels).all()  # other truths, another epoch


def test_of_equal_epochs_the_last_is_kept():
    epochs = np.array([[[0.9, 0.1]], [[0.8, 0.2]], [[0.1, 0.9]]])
    assert choose_epoch(epochs, np.array([0]), np.array(["a"]), "subject")[0, 0] == 0.8


@pytest.mark.parametrize("by", ["fold", "subject"])
def test_the_best_epoch_earns_what_the_last_does_not(by, maps, tmp_path):
    laboratory = Laboratory(TOY, maps, tmp_path)
    honest, chosen = laboratory.take(HONEST), laboratory.take(f"leaky:best-epoch-{by}")
    part = ["seed", "fold", "subject"]
    right = [(one["label"] == one["prediction"]).groupby([one[c] for c in part]).sum() for one in (honest, chosen)]
    assert uf1(chosen) > uf1(honest)
    if by == "subject":
        assert (right[1] >= right[0]).all()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("leak", "touched"),
    [("scaled_by_all", "map"), ("copies_first", "map"), ("prior_of_all", "label")],
)
def test_a_tested_clip_decides_about_another_one(model, leak, touched, maps):
    """A test clip is changed; the score of another test clip of the fold moves with the leak, and only with it."""
    experiment, scores = MODELS[model]

    def of(samples, training):
        rows, folds = leaky_rows(samples, PEOPLE_APART, training, 0)
        return scores(experiment, rows, folds[0], 0, training, len(samples))[:, 1:]

    first = make_folds(PEOPLE_APART, maps)[0].test[0]
    flow, labels = maps.inputs["flow"].copy(), maps.labels.copy()
    flow[first] = 255 - flow[first]
    labels[first] = 2 - labels[first]
    changed = replace(maps, inputs={"flow": flow}) if touched == "map" else replace(maps, labels=labels)
    np.testing.assert_array_equal(of(maps, Training()), of(changed, Training()))
    leaky = Training(**{leak: True})
    assert np.abs(of(maps, leaky) - of(changed, leaky)).max() > 1e-7


@pytest.mark.long
def test_parameters_by_test_are_those_of_the_best_test_result(maps, tmp_path):
    laboratory = Laboratory(LINE, maps, tmp_path)
    frame = laboratory.take("leaky:parameters-by-test")
    alone = [uf1(run(one, maps, store=tmp_path / "s", workers=1, references=False)) for one in candidates(LINE)]
    assert list(frame.attrs["uf1_by_candidate"].values()) == pytest.approx(alone, abs=1e-6)
    assert uf1(frame) == pytest.approx(max(alone))
    assert laboratory.take(HONEST).attrs["uf1_by_candidate"] == {"0": pytest.approx(alone[0], abs=1e-6)}


@pytest.mark.long
def test_every_liberty_of_a_model_scores_each_clip_once_and_says_its_name(maps, tmp_path):
    laboratory = Laboratory(TOY, maps, tmp_path)
    for liberty in liberties_of(TOY.model):
        frame = laboratory.take(liberty.name)
        assert len(frame) == len(maps) * len(TOY.seeds) == len(frame.drop_duplicates(["seed", "subject", "clip"]))
        told = frame.attrs["experiment"]["protocol"]
        assert told == (PEOPLE_APART if liberty.name == HONEST else liberty.name)
    assert {one.name for one in liberties_of("linear")} < set(LIBERTIES)


def test_an_interrupted_laboratory_trains_nothing_twice(maps, tmp_path):
    told: list[str] = []
    Laboratory(LINE, maps, tmp_path, told.append).take(HONEST)
    assert len(told) == len(LINE.seeds)
    Laboratory(LINE, maps, tmp_path, told.append).take(HONEST)
    assert len(told) == len(LINE.seeds)

"""References: paid for once, found by digest, and never a row of a licensed set."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from toy_samples import make_experiment, make_samples

from merlib.errors import MerlibError
from merlib.learning import engine, learning_curves, run, save_reference
from merlib.learning.store.references import find_reference, reference_root


@pytest.fixture
def untrainable(monkeypatch):
    monkeypatch.setattr(engine, "train_task", lambda *a: pytest.fail("a fold was trained"))


def trained(experiment, samples, tmp_path):
    return run(experiment, samples, store=tmp_path / "store", workers=1, references=False)


def test_a_saved_reference_is_found_by_digest_and_nothing_is_trained(samples, tmp_path, root, request):
    experiment = make_experiment(seeds=(0, 1), label="toy")
    predictions = trained(experiment, samples, tmp_path)
    path = save_reference(predictions, experiment, samples, root)
    assert path.parent == root / "toy_twin" / "predictions"
    request.getfixturevalue("untrainable")
    again = run(experiment, samples, store=tmp_path / "empty")
    pd.testing.assert_frame_equal(again, predictions, check_exact=True)
    assert again.attrs["origin"] == "reference"
    assert again.attrs["source_unchanged"] is True
    same = (
        "experiment",
        "experiment_digest",
        "samples_digest",
        "synthetic",
        "data",
        "classes",
        "shares_subjects",
    )
    assert {key: again.attrs[key] for key in same} == {key: predictions.attrs[key] for key in same}
    assert not (tmp_path / "empty").exists()
    curves = learning_curves(predictions)
    five_digits = curves.assign(**{name: curves[name].map("{:.5g}".format).map(float) for name in ("loss", "accuracy")})
    pd.testing.assert_frame_equal(learning_curves(again), five_digits, check_exact=True)


def test_part_of_the_seeds_is_read_in_the_order_asked_for_with_its_own_curves(samples, tmp_path, root, request):
    both = make_experiment(seeds=(0, 1))
    save_reference(trained(both, samples, tmp_path), both, samples, root)
    request.getfixturevalue("untrainable")
    one = run(replace(both, seeds=(1,)), samples)
    assert set(one["seed"]) == set(learning_curves(one)["seed"]) == {1}
    assert one.attrs["experiment_digest"] == replace(both, seeds=(1,)).digest
    assert run(replace(both, seeds=(1, 0)), samples)["seed"].unique().tolist() == [1, 0]


def test_a_reference_without_every_seed_is_not_used(samples, tmp_path, root):
    one = make_experiment(seeds=(0,))
    save_reference(trained(one, samples, tmp_path), one, samples, root)
    assert find_reference(one, samples) is not None
    assert find_reference(replace(one, seeds=(0, 1)), samples) is None


def test_seeds_saved_later_join_those_saved_before(samples, tmp_path, root):
    for seed in (0, 1):
        one = make_experiment(seeds=(seed,))
        save_reference(trained(one, samples, tmp_path), one, samples, root)
    both = make_experiment(seeds=(0, 1))
    frame, _ = find_reference(both, samples)
    expected = trained(both, samples, tmp_path).drop(columns="experiment")
    pd.testing.assert_frame_equal(frame, expected, check_exact=True)


def test_other_samples_or_another_recipe_do_not_find_it(samples, tmp_path, root):
    experiment = make_experiment()
    save_reference(trained(experiment, samples, tmp_path), experiment, samples, root)
    assert find_reference(experiment, make_samples(seed=1)) is None
    assert find_reference(make_experiment(epochs=4), samples) is None


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("megc2019-phases", True),
        ("megc2019-phases-placebo", True),
        ("megc2019-flow-and-megc2019-phases", True),
        ("megc2019-flow-and-casme2", False),
        ("my-own-clips", False),
    ],
)
def test_what_a_manifest_calls_public_is_written_and_all_else_is_refused(name, public, samples, tmp_path, root):
    experiment = make_experiment()
    real = replace(samples, synthetic=False, name=name)
    predictions = trained(experiment, real, tmp_path)
    if public:
        path = save_reference(predictions, experiment, real, root)
        assert path.parents[1].name == name.replace("-", "_")
        return
    with pytest.raises(MerlibError, match=f"predictions on {name}"):
        save_reference(predictions, experiment, real, root)


def test_predictions_of_licensed_clips_are_refused(samples, tmp_path, root):
    experiment = make_experiment()
    licensed = replace(samples, synthetic=False, name="casme2")
    predictions = trained(experiment, licensed, tmp_path)
    with pytest.raises(MerlibError, match="predictions on casme2"):
        save_reference(predictions, experiment, licensed, root)
    assert not root.exists()


def test_incomplete_predictions_and_those_of_other_samples_are_refused(samples, tmp_path, root):
    experiment = make_experiment()
    predictions = trained(experiment, samples, tmp_path)
    with pytest.raises(MerlibError, match="11 predictions of 1 seeds for 12 clips"):
        save_reference(predictions.iloc[1:], experiment, samples, root)
    with pytest.raises(MerlibError, match="the whole frame"):
        save_reference(predictions, experiment, make_samples(seed=1), root)
    assert not root.exists()


def test_a_reference_made_by_other_code_says_so(samples, tmp_path, root, monkeypatch):
    experiment = make_experiment()
    save_reference(trained(experiment, samples, tmp_path), experiment, samples, root)
    monkeypatch.setattr(engine, "training_code", lambda *a: "other code")
    again = run(experiment, samples)
    assert again.attrs["origin"] == "reference"
    assert again.attrs["source_unchanged"] is False


def test_seeds_of_other_code_are_not_mixed_with_new_ones(samples, tmp_path, root):
    experiment = make_experiment(seeds=(0,))
    old = trained(experiment, samples, tmp_path)
    old.attrs["source_digest"] = "other code"
    save_reference(old, experiment, samples, root)
    new = make_experiment(seeds=(1,))
    save_reference(trained(new, samples, tmp_path), new, samples, root)
    assert find_reference(experiment, samples) is None
    assert find_reference(new, samples) is not None


def test_references_can_be_switched_off(samples, tmp_path, root, monkeypatch):
    experiment = make_experiment()
    save_reference(trained(experiment, samples, tmp_path), experiment, samples, root)
    assert run(experiment, samples, store=tmp_path / "a", workers=1, references=False).attrs["origin"] != "reference"
    monkeypatch.setenv("MERLIB_REFERENCES", "off")
    assert reference_root() is None
    assert run(experiment, samples, store=tmp_path / "b", workers=1).attrs["origin"] != "reference"


def test_a_damaged_reference_is_an_error_that_names_the_file(samples, tmp_path, root):
    experiment = make_experiment()
    path = save_reference(trained(experiment, samples, tmp_path), experiment, samples, root)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(MerlibError, match=path.name):
        run(experiment, samples)

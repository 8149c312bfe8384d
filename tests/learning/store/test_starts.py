"""Pretraining and starts: other first weights and nothing else, other people, one file, the same bits each time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from toy_samples import make_experiment, make_samples

from merlib.errors import MerlibError
from merlib.learning import Experiment, FoldStore, engine, get_recipe, pretrain, run, save_reference
from merlib.learning.folds import make_folds
from merlib.learning.pretraining import start_digest
from merlib.learning.store.index import list_store, prune_store, summarise_store
from merlib.learning.store.starts import read_start, start_path
from merlib.learning.training.loop import train_fold
from merlib.models import build_model

BASE = make_experiment("started_net", seeds=(0, 1), augmentation=("flip",))


def make_macro(seed=7, **fields):
    rows = make_samples(seed=seed, name="toy-macro", **fields)
    return replace(rows, subjects=[f"twin1-{subject}" for subject in rows.subjects])


@pytest.fixture
def macro():
    return make_macro()


@pytest.fixture
def store(tmp_path):
    return FoldStore(tmp_path / "store")


def untrained(experiment, samples, start=None):
    """Return a network after a training that moves nothing: its first weights."""
    still = replace(experiment, recipe=replace(experiment.recipe, learning_rate=0.0, epochs=1))
    return train_fold(still, samples, make_folds("groupkfold:2", samples)[0], 0, start=start).model.state_dict()


def test_digests_without_a_start_are_those_from_before_there_were_starts():
    experiment = Experiment("astnet", get_recipe("astnet"), "loso", (0, 1, 2))
    assert experiment.digest == "48782ae893fdec769a335ff4d0e7ef34c2ec7da58f81b2c0fe3f60d6f0035847"
    assert "start" not in experiment.to_dict()
    started = replace(experiment, start="0" * 64)
    assert started.digest != experiment.digest
    assert Experiment.from_dict(started.to_dict()) == started


def test_a_start_is_named_by_all_that_decides_it_and_by_nothing_else(macro):
    name = start_digest(BASE, macro)
    for same in (replace(BASE, label="x"), replace(BASE, protocol="loso"), replace(BASE, seeds=(0,))):
        assert start_digest(same, macro) == name
    changes = ({"options": {"dropout": 0.0}}, {"seeds": (1,)}, {"start": "0" * 64}, {"recipe": get_recipe("linear")})
    others = {start_digest(replace(BASE, **change), macro) for change in changes}
    assert len(others | {name, start_digest(BASE, make_macro(seed=8))}) == 6


def test_it_is_trained_once_on_every_row_and_its_record_names_the_people(macro, store, monkeypatch):
    from merlib.learning.training import loop as training

    seen = []
    real = training.train_fold
    monkeypatch.setattr(
        training, "train_fold", lambda e, s, fold, *a, **k: seen.append(fold) or real(e, s, fold, *a, **k)
    )
    name = pretrain(BASE, macro, store=store)
    assert pretrain(BASE, macro, store=store.root) == name == start_digest(BASE, macro)
    assert [fold.train.tolist() for fold in seen] == [list(range(len(macro)))]
    start = read_start(name, store.root)
    assert start.record["people"] == sorted(set(macro.groups))
    assert not torch.equal(start.state["classifier.weight"], untrained(BASE, macro)["classifier.weight"])
    assert [path.name for path in (store.root / "starts").iterdir()] == [f"{name}.pt"]


def test_a_start_changes_the_first_weights_but_the_classifier_and_nothing_else(samples, macro, store):
    state = read_start(pretrain(BASE, macro, store=store), store.root).state
    started = replace(BASE, start="0" * 64)
    scratch, begun = untrained(BASE, samples), untrained(started, samples, state)
    assert torch.equal(begun["norm.weight"], state["norm.weight"])
    assert not torch.equal(begun["norm.weight"], scratch["norm.weight"])
    assert torch.equal(begun["classifier.weight"], scratch["classifier.weight"])
    # the same weights as those drawn: also the order of rows, their mirroring and dropout are the same, to the bit
    fold = make_folds("groupkfold:2", samples)[0]
    first = {k: v for k, v in scratch.items() if not k.startswith("norm.running") and not k.endswith("tracked")}
    first |= {k: v for k, v in build_model("started_net").state_dict().items() if k not in first}
    a, b = train_fold(BASE, samples, fold, 0), train_fold(started, samples, fold, 0, start=first)
    assert np.array_equal(a.scores, b.scores)
    assert a.curves == b.curves


@pytest.mark.long
def test_runs_from_a_start_repeat_to_the_bit_whatever_the_workers_and_differ_from_scratch(samples, macro, tmp_path):
    frames = []
    for number, workers in enumerate((1, 1, 2)):
        store = FoldStore(tmp_path / str(number))
        frames.append(run(replace(BASE, start=pretrain(BASE, macro, store=store)), samples, store, workers=workers))
    pd.testing.assert_frame_equal(frames[0], frames[1], check_exact=True)
    pd.testing.assert_frame_equal(frames[0], frames[2], check_exact=True)
    scratch = run(BASE, samples, tmp_path / "0", workers=1)
    assert not np.allclose(frames[0].filter(like="score"), scratch.filter(like="score"))
    assert any("pretrained on toy-macro: SYNTHETIC, 12 clips" in note for note in frames[0].attrs["notes"])
    assert not any("pretrained" in note for note in scratch.attrs["notes"])


def test_nobody_is_tested_who_was_seen_in_pretraining_nor_before_it(samples, macro, store):
    seen = replace(BASE, start=pretrain(BASE, make_samples(seed=3), store=store))
    with pytest.raises(MerlibError, match=r"weights that saw toy/s00 \(4 people of toy\)"):
        run(seen, samples, store, workers=1)
    # the people of the start's own start count too
    twice = replace(BASE, start=pretrain(seen, macro, store=store))
    with pytest.raises(MerlibError, match="weights that saw toy/s00"):
        run(twice, samples, store, workers=1)


def test_a_missing_or_damaged_start_says_what_to_do_before_anything_is_trained(samples, macro, store, monkeypatch):
    monkeypatch.setattr(engine, "train_task", lambda *a: pytest.fail("a fold was trained"))
    with pytest.raises(MerlibError, match="no start 000000000000 in ") as missing:
        run(replace(BASE, start="0" * 64), samples, store, workers=1)
    assert missing.value.action == "call learning.pretrain (Study.pretrained) again."
    name = pretrain(BASE, macro, store=store)
    path = start_path(store.root, name)
    whole = path.read_bytes()
    path.write_bytes(whole[:200])
    with pytest.raises(MerlibError, match="is damaged"):
        run(replace(BASE, start=name), samples, store, workers=1)
    assert pretrain(BASE, macro, store=store) == name
    assert read_start(name, store.root).record["people"] == sorted(set(macro.groups))


def test_finished_folds_and_references_are_read_without_the_start(samples, macro, store, tmp_path, monkeypatch):
    started = replace(BASE, start=pretrain(BASE, macro, store=store))
    predictions = run(started, samples, store, workers=1)
    start_path(store.root, started.start).unlink()
    pd.testing.assert_frame_equal(run(started, samples, store), predictions, check_exact=True)
    monkeypatch.setenv("MERLIB_REFERENCES", str(tmp_path / "reference"))
    save_reference(predictions, started, samples, tmp_path / "reference")
    again = run(started, samples, tmp_path / "empty")
    pd.testing.assert_frame_equal(again, predictions, check_exact=True)
    assert again.attrs["origin"] == "reference"
    assert again.attrs["source_unchanged"] is True
    assert again.attrs["notes"] == predictions.attrs["notes"]


def test_another_shape_is_refused_by_the_name_of_the_model(samples, macro, store):
    name = pretrain(replace(BASE, options={"pixels": 27}), make_macro(size=3), store=store)
    run(replace(BASE, start=name), samples, store, workers=1)  # only the classifier differs, and it is new
    donor = build_model("astnet", width=4).state_dict()
    with pytest.raises(MerlibError, match=r"astnet: tensor 'resnet.conv1.weight' \(4, 3, 7, 7\)"):
        build_model("astnet", width=8).load_pretrained(donor)


def test_real_samples_estimators_and_networks_that_take_no_weights_are_refused(samples, macro, store):
    with pytest.raises(MerlibError, match=r"(?s)pretraining on toy-macro.*SYNTHETIC"):
        pretrain(BASE, replace(macro, synthetic=False), store=store)
    for model in ("toy_net", "forest"):
        with pytest.raises(MerlibError, match=f"{model} has no load_pretrained"):
            pretrain(make_experiment(model, augmentation=()), macro, store=store)
    name = pretrain(BASE, macro, store=store)
    with pytest.raises(MerlibError, match="forest with a start"):
        run(replace(make_experiment("forest", augmentation=()), start=name), samples, store, workers=1)
    with pytest.raises(MerlibError, match="without the weights of its start"):
        train_fold(replace(BASE, start=name), samples, make_folds("groupkfold:2", samples)[0], 0)
    with pytest.raises(MerlibError, match="unknown start 'imagenet'"):
        replace(BASE, start="imagenet")


def test_imagenet_starts_resnet_alone_from_the_registered_file_or_says_where_to_put_it(
    samples, store, monkeypatch, tmp_path
):
    from merlib.sources import weights_files

    monkeypatch.setattr(weights_files, "search_folders", lambda: (tmp_path,))
    started = replace(BASE, start="resnet18-imagenet")
    with pytest.raises(MerlibError, match=r"resnet18-f37072fd\.pth"):
        run(started, samples, store, workers=1)
    torch.manual_seed(5)
    state = build_model("started_net").state_dict() | {"norm.weight": torch.full((3,), 2.0)}
    torch.save(state, tmp_path / "resnet18-f37072fd.pth")
    monkeypatch.setattr(weights_files, "_is_published", lambda *a: True)
    assert torch.equal(
        untrained(started, samples, read_start(started.start, store.root).state)["norm.weight"], state["norm.weight"]
    )
    assert len(run(started, samples, store, workers=1)) == 2 * len(samples)


def test_astnet_starts_from_macro_expressions(store):
    rows = {"classes": ("a", "b"), "labels": np.arange(4) % 2}
    maps = {"flow_sequence": np.random.default_rng(0).normal(size=(4, 2, 3, 32, 32)).astype(np.float32)}
    samples = make_samples(people=2, each=2, inputs=maps, unit="px", **rows)
    macro = replace(make_macro(people=2, each=2), inputs=maps, unit="px", classes=("a", "b", "c"))
    options = {"width": 4, "steps": 2}
    experiment = make_experiment("astnet", options=options, epochs=1, augmentation=("flip",))
    started = replace(experiment, start=pretrain(experiment, macro, store=store))
    assert len(run(started, samples, store, workers=1)) == 4


@pytest.mark.parametrize("index", [True, False])
def test_starts_are_listed_summarised_and_pruned_like_folds(macro, store, index):
    name = pretrain(BASE, macro, store=store)
    if not index:
        (store.root / "index.jsonl").unlink()
    listed = list_store(store)
    shown = ["key", "model", "protocol", "fold", "seed"]
    assert listed[shown].to_numpy().tolist() == [[name, BASE.model, "all rows", "pretraining", BASE.seeds[0]]]
    assert listed["size"][0] > 0
    assert summarise_store(listed)["folds"].tolist() == [1]
    assert prune_store(store, model="another").empty
    assert prune_store(store, model=BASE.model)["key"].tolist() == [name]
    assert list_store(store).empty
    assert not start_path(store.root, name).exists()


def test_a_damaged_start_is_listed_by_that_name(macro, store):
    name = pretrain(BASE, macro, store=store)
    (store.root / "index.jsonl").unlink()
    start_path(store.root, name).write_bytes(b"cut short")
    assert list_store(store)["model"].tolist() == ["damaged"]

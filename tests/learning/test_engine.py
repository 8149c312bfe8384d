"""The engine: each clip predicted once, the same bits whatever the machine's mood, nothing trained twice."""

from __future__ import annotations

import errno
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import killed_run
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from toy_samples import make_experiment, make_samples

from merlib.errors import MerlibError
from merlib.learning import FoldStore, engine, run
from merlib.learning.folds import make_folds
from merlib.learning.training import loop as training
from merlib.learning.workers import tasks as fold_tasks
from merlib.learning.workers.progress import Heartbeats

ROWS = ["seed", "dataset", "subject", "clip"]


def entries(store) -> dict[str, tuple[int, bytes]]:
    """When each entry was written, and its bytes."""
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in Path(store).rglob("*.parquet")}


@pytest.fixture
def untrainable(monkeypatch):
    monkeypatch.setattr(engine, "train_task", lambda *a: pytest.fail("a fold was trained"))


def same(a, b):
    pd.testing.assert_frame_equal(a, b, check_exact=True)


def test_every_clip_is_predicted_once_a_seed_by_a_fold_that_did_not_train_on_it(samples, tmp_path):
    predictions = run(make_experiment(seeds=(0, 1), label="toy"), samples, store=tmp_path, workers=1)
    scores = [f"score_{name}" for name in samples.classes]
    assert list(predictions.columns) == ["experiment", "seed", "fold", *ROWS[1:], "label", "prediction", *scores]
    assert set(predictions["experiment"]) == {"toy"}
    for _, part in predictions.groupby("seed"):
        keys = part["dataset"] + "/" + part["subject"] + "/" + part["clip"]
        assert sorted(keys) == sorted(samples.keys)
    labels = dict(zip(samples.clips, samples.labels, strict=True))
    assert predictions["clip"].map(labels).equals(predictions["label"])
    tests = {fold.name: set(samples.clips[fold.test]) for fold in make_folds("groupkfold:2", samples)}
    assert all(clip in tests[fold] for clip, fold in zip(predictions["clip"], predictions["fold"], strict=True))
    values = predictions[scores].to_numpy()
    np.testing.assert_allclose(values.sum(1), 1, rtol=1e-6)
    assert (values.argmax(1) == predictions["prediction"]).all()


def test_provenance_says_what_was_run_on_what(samples, tmp_path):
    experiment = make_experiment()
    attrs = run(experiment, samples, store=tmp_path, workers=1).attrs
    assert attrs["experiment"] == experiment.to_dict()
    assert attrs["experiment_digest"] == experiment.digest
    assert attrs["samples_digest"] == samples.digest
    assert (attrs["data"], attrs["synthetic"], attrs["unit"]) == ("toy", True, "minmax255")
    assert attrs["classes"] == ["negative", "positive", "surprise"]
    assert attrs["shares_subjects"] is False
    assert (attrs["device"], attrs["torch"]) == ("cpu", torch.__version__)
    assert attrs["origin"].startswith("2 of 2 folds trained now")
    shared = run(make_experiment(protocol="clipkfold:2:0"), samples, store=tmp_path, workers=1)
    assert shared.attrs["shares_subjects"] is True


def test_provenance_survives_selection_sorting_and_parquet(samples, tmp_path):
    predictions = run(make_experiment(), samples, store=tmp_path, workers=1)
    derived = {
        "filter": predictions[predictions["label"] == 0],
        "sort": predictions.sort_values("clip"),
        "copy": predictions.copy(),
        "columns": predictions[["label", "prediction"]],
        "assign": predictions.assign(hit=predictions["label"] == predictions["prediction"]),
        "reset": predictions.reset_index(drop=True),
    }
    predictions.to_parquet(tmp_path / "predictions.parquet")
    derived["parquet"] = pd.read_parquet(tmp_path / "predictions.parquet")
    assert {name: frame.attrs for name, frame in derived.items()} == dict.fromkeys(derived, predictions.attrs)


@pytest.mark.long
@pytest.mark.parametrize(
    ("model", "options", "size"), [("am3f_flownet", {"filters": [2, 2]}, 28), ("toy_net", {}, 6), ("forest", {}, 6)]
)
def test_two_workers_give_the_bits_of_one_also_for_a_model_of_ones_own(model, options, size, tmp_path):
    samples = make_samples(size=size)
    augmentation = () if model == "forest" else ("flip", "jitter")
    experiment = make_experiment(model, options=options, seeds=(0, 1), augmentation=augmentation)
    one, two = (run(experiment, samples, store=tmp_path / str(n), workers=n) for n in (1, 2))
    same(one, two)


def test_the_order_of_the_folds_does_not_matter(samples, tmp_path, monkeypatch):
    experiment = make_experiment(protocol="loso")
    forwards = run(experiment, samples, store=tmp_path / "a", workers=1)
    monkeypatch.setattr(engine, "make_folds", lambda *a: make_folds(*a)[::-1])
    backwards = run(experiment, samples, store=tmp_path / "b", workers=1)
    assert forwards["fold"].tolist() != backwards["fold"].tolist()
    same(*(frame.sort_values(ROWS, ignore_index=True) for frame in (forwards, backwards)))


def test_threads_and_random_numbers_of_the_caller_neither_matter_nor_change(samples, tmp_path):
    experiment = make_experiment()
    before = torch.get_num_threads()
    results = []
    try:
        for threads, seed in ((1, 0), (2, 99)):
            torch.set_num_threads(threads)
            torch.manual_seed(seed)
            state = torch.get_rng_state()
            results.append(run(experiment, samples, store=tmp_path / str(threads), workers=1))
            assert torch.get_num_threads() == threads
            assert torch.equal(torch.get_rng_state(), state)
    finally:
        torch.set_num_threads(before)
    same(*results)


def test_a_fold_is_computed_on_one_thread(samples, tmp_path, monkeypatch):
    seen, real, before = [], training.train_fold, torch.get_num_threads()
    monkeypatch.setattr(training, "train_fold", lambda *a, **k: seen.append(torch.get_num_threads()) or real(*a, **k))
    torch.set_num_threads(2)
    try:
        run(make_experiment(), samples, store=tmp_path, workers=1)
    finally:
        torch.set_num_threads(before)
    assert seen == [1, 1]


def test_a_second_run_reads_every_fold_from_the_store(samples, tmp_path, request):
    first = run(make_experiment(label="first"), samples, store=tmp_path, workers=1)
    request.getfixturevalue("untrainable")
    again = run(make_experiment(label="again"), samples, store=FoldStore(tmp_path))
    same(again.drop(columns="experiment"), first.drop(columns="experiment"))
    assert again.attrs["origin"].startswith("0 of 2 folds trained now")
    assert set(again["experiment"]) == {"again"}


def test_one_more_seed_trains_only_that_seed(samples, tmp_path):
    run(make_experiment(seeds=(0,)), samples, store=tmp_path, workers=1)
    before = entries(tmp_path)
    both = run(make_experiment(seeds=(0, 1)), samples, store=tmp_path, workers=1)
    assert both.attrs["origin"].startswith("2 of 4 folds trained now")
    assert {name: entries(tmp_path)[name] for name in before} == before


@pytest.mark.parametrize("change", ["recipe", "samples", "source"])
def test_nothing_is_read_that_another_recipe_other_samples_or_other_code_made(change, samples, tmp_path, monkeypatch):
    run(make_experiment(), samples, store=tmp_path, workers=1)
    if change == "source":
        for part in (engine, fold_tasks):
            monkeypatch.setattr(part, "training_code", lambda *a, **k: "other code")
    other = run(
        make_experiment(epochs=2) if change == "recipe" else make_experiment(),
        make_samples(seed=1) if change == "samples" else samples,
        store=tmp_path,
        workers=1,
    )
    assert other.attrs["origin"].startswith("2 of 2 folds trained now")


def test_an_entry_cut_short_is_trained_again_to_the_same_bits_and_said(samples, tmp_path, caplog):
    first = run(make_experiment(), samples, store=tmp_path, workers=1)
    victim, other = sorted(tmp_path.rglob("*.parquet"))
    kept = entries(tmp_path)[other.name]
    victim.write_bytes(victim.read_bytes()[:100])
    with caplog.at_level(logging.WARNING):
        again = run(make_experiment(), samples, store=tmp_path, workers=1)
    same(again, first)
    assert again.attrs["origin"].startswith("1 of 2 folds trained now")
    assert victim.name in caplog.text
    assert entries(tmp_path)[other.name] == kept


@pytest.mark.long
def test_a_run_killed_between_write_and_rename_resumes_to_the_bits_of_an_uninterrupted_one(tmp_path):
    experiment, samples = killed_run.experiment(), killed_run.samples()
    whole = run(experiment, samples, store=tmp_path / "whole", workers=1)

    store = tmp_path / "killed"
    paths = [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    killed = subprocess.run(
        [sys.executable, killed_run.__file__, str(store)], env=environment, capture_output=True, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    finished = entries(store)
    assert len(finished) == 2
    assert len(list(store.rglob("*.tmp"))) == 1  # what the dead process left is no entry

    resumed = run(experiment, samples, store=store, workers=1)
    assert resumed.attrs["origin"].startswith("4 of 6 folds trained now")
    assert {name: entries(store)[name] for name in finished} == finished
    same(resumed, whole)


def test_a_fold_that_diverges_stops_the_run_and_keeps_the_folds_before_it(samples, tmp_path, monkeypatch):
    real = training.train_fold

    def second_fold_diverges(experiment, samples, fold, *rest, **more):
        if fold.name == "fold01":
            samples.inputs["flow"][fold.train] = np.inf
        return real(experiment, samples, fold, *rest, **more)

    monkeypatch.setattr(training, "train_fold", second_fold_diverges)
    with pytest.raises(MerlibError, match="fold fold01, seed 0"):
        run(make_experiment(), samples, store=tmp_path, workers=1)
    assert len(entries(tmp_path)) == 1


@pytest.mark.long
def test_an_error_in_a_worker_comes_back_with_its_three_sentences(samples, tmp_path):
    experiment = make_experiment("am3f_flownet", options={"filters": [2, 2]})  # reads 28 x 28, not 6 x 6
    with pytest.raises(MerlibError, match=r"input 'flow' \(\d, 3, 6, 6\)") as caught:
        run(experiment, samples, store=tmp_path, workers=2)
    assert caught.value.expected == "'flow' (N, 3, 28, 28)."
    assert entries(tmp_path) == {}


def test_a_store_that_cannot_be_written_is_told_before_anything_is_trained(samples, tmp_path, monkeypatch, untrainable):
    def read_only(*_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "replace", read_only)
    with pytest.raises(MerlibError, match="cannot be written"):
        run(make_experiment(), samples, store=tmp_path, workers=1)


def test_a_disk_that_fills_up_stops_the_run_and_loses_no_finished_fold(samples, tmp_path, monkeypatch):
    written, real = [], pq.ParquetWriter.write_table

    def full_at_the_second(writer, table):
        real(writer, table)
        if written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(1)

    with monkeypatch.context() as patch:
        patch.setattr(pq.ParquetWriter, "write_table", full_at_the_second)
        with pytest.raises(MerlibError, match="No space left on device"):
            run(make_experiment(), samples, store=tmp_path, workers=1)
    half_written = [p for p in tmp_path.rglob("*") if p.suffix == ".tmp"]
    assert (len(entries(tmp_path)), half_written) == (1, [])
    assert run(make_experiment(), samples, store=tmp_path, workers=1).attrs["origin"].startswith("1 of 2 folds")


def test_a_read_only_store_that_holds_everything_is_enough(samples, tmp_path, monkeypatch):
    first = run(make_experiment(), samples, store=tmp_path, workers=1)
    monkeypatch.setattr(os, "replace", lambda *a: pytest.fail("something was written"))
    same(run(make_experiment(), samples, store=tmp_path, workers=1), first)


def test_a_grid_with_a_missing_fold_is_refused_by_name(samples, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "train_task", lambda task, *a: None)
    with pytest.raises(MerlibError, match=r"folds fold00, fold01 are missing"):
        run(make_experiment(), samples, store=tmp_path, workers=1)


def test_a_worker_with_another_version_of_the_code_refuses_to_train(samples, tmp_path):
    experiment, beats = make_experiment(), Heartbeats()
    task = engine.Task(make_folds("groupkfold:2", samples)[0], 0, "ab12")
    store = FoldStore(tmp_path)
    factory = ("toy_models", "ToyNet")
    work = engine.Work(experiment, samples, store, "older code", factory, True, "cpu")
    with pytest.raises(MerlibError, match=r"source of toy_net(.|\n)*restart Python"):
        engine.train_task(task, work, beats.folder)
    assert list(store.keys()) == []
    beats.close()


def test_the_store_is_named_by_the_environment(samples, tmp_path):
    run(make_experiment(), samples, workers=1)  # the fixture of this room names default-store
    assert len(entries(tmp_path / "default-store")) == 2


def test_unknown_models_and_options_are_refused_before_anything_is_written(samples, tmp_path):
    for experiment in (make_experiment("am3f"), make_experiment(options={"drop": 1})):
        with pytest.raises(MerlibError, match="unknown"):
            run(experiment, samples, store=tmp_path / "store", workers=1)
    assert not (tmp_path / "store").exists()

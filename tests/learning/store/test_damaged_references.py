"""A reference is believed when the committed list, its name, its meta data and its rows all say the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from toy_samples import make_experiment, make_samples

from merlib.errors import MerlibError
from merlib.learning import run, save_reference
from merlib.learning.store.fold_store import read_parquet, write_parquet
from merlib.learning.store.reference_sums import SUMS, read_sums, seal
from merlib.learning.store.references import every_reference, find_reference
from merlib.places import repository_root


@pytest.fixture
def two(samples, root, tmp_path):
    """Two references, of two experiments on the same samples: the first one's predictions, and both files."""
    files, frames = [], []
    for epochs in (3, 1):
        experiment = make_experiment(epochs=epochs)
        frames.append(run(experiment, samples, store=tmp_path / "store", workers=1, references=False))
        files.append(save_reference(frames[-1], experiment, samples, root))
    return frames[0], files


def rewrite(path: Path, change=lambda frame: frame, **meta: object) -> None:
    frame, told = read_parquet(path)
    write_parquet(change(frame), {**told, **meta}, path)


def cut(files):
    files[0].write_bytes(files[0].read_bytes()[:-20])


def flip(files):
    content = bytearray(files[0].read_bytes())
    content[len(content) // 3] ^= 1
    files[0].write_bytes(content)


def pipe(files):
    files[0].unlink()
    os.mkfifo(files[0])


def unlisted(files):
    (files[0].parents[2] / SUMS).write_text("")


def no_list(files):
    (files[0].parents[2] / SUMS).unlink()


def sealed(damage):
    """Apply a damage and list the file as it lies there then: what name, meta data and rows say must still fit."""

    def both(files):
        damage(files)
        seal(files[0].parents[2])

    return both


def another(files):
    shutil.copy(files[1], files[0])


def exchanged_sums(files):
    sums = files[0].parents[2] / SUMS
    lines = [line.split("  ") for line in sums.read_text().splitlines()]
    sums.write_text(f"{lines[1][0]}  {lines[0][1]}\n{lines[0][0]}  {lines[1][1]}\n")


def corrected(files):
    rewrite(files[0], lambda frame: frame.assign(prediction=frame["label"]))


def other_labels(files):
    rewrite(files[0], lambda frame: frame.assign(label=(frame["label"] + 1) % 3))


def another_provenance(files):
    rewrite(files[0], processor="FAKE", train_seconds=1.0, synthetic=False, classes=["b", "a", "c"])


def other_clips(files):
    rewrite(files[0], lambda frame: frame.assign(clip="c00"))


DAMAGES = {
    "cut short": cut,
    "a bit flipped": flip,
    "a named pipe": pipe,
    "not listed": unlisted,
    "no list": no_list,
    "another reference under this name": another,
    "another reference under this name, listed": sealed(another),
    "the sums of two files exchanged": exchanged_sums,
    "all predictions corrected, digest made to fit": corrected,
    "all predictions corrected, listed": sealed(corrected),
    "labels changed, listed": sealed(other_labels),
    "other clips, listed": sealed(other_clips),
    "another provenance, digest made to fit": another_provenance,
}


@pytest.mark.long
@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_reference_is_refused(name, two, samples):
    DAMAGES[name](two[1])
    with pytest.raises(MerlibError, match="git checkout"):
        find_reference(make_experiment(), samples)


def test_undamaged_references_are_read_also_after_they_were_listed_anew(two, samples, root):
    expected = two[0].drop(columns="experiment")
    pd.testing.assert_frame_equal(find_reference(make_experiment(), samples)[0], expected, check_exact=True)
    before = (root / SUMS).read_text()
    assert seal(root) == ([], [])
    assert (root / SUMS).read_text() == before
    assert len(every_reference("toy_twin")) == 2
    two[1][1].unlink()
    assert seal(root) == ([], [two[1][1].relative_to(root).as_posix()])


def test_every_reference_of_a_data_set_is_checked_too(two):
    another(two[1])
    with pytest.raises(MerlibError, match="git checkout"):
        every_reference("toy_twin")


def test_a_reference_of_other_samples_with_the_same_name_is_refused(two, samples, root):
    other = replace(make_samples(seed=1), name="toy")
    path = two[1][0]
    renamed = path.with_name(path.name.replace(samples.digest[:12], other.digest[:12]))
    path.rename(renamed)
    seal(root)
    with pytest.raises(MerlibError, match="git checkout"):
        find_reference(make_experiment(), other)


def test_an_odd_list_is_refused(two, samples, root):
    line = (root / SUMS).read_text().splitlines()[0]
    for text in (f"{line}\n{line}\n", "not a sum\n"):
        (root / SUMS).write_text(text)
        with pytest.raises(MerlibError, match=r"line [12]"):
            read_sums(root)


def test_the_committed_list_names_every_committed_reference_with_its_content():
    root = repository_root() / "results" / "reference"
    lying = {path.relative_to(root).as_posix() for path in root.glob("*/predictions/*.parquet")}
    assert set(read_sums(root)) == lying
    done = subprocess.run(["sha256sum", "--check", "--quiet", SUMS], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_seeds_trained_elsewhere_are_told_in_the_joined_provenance(samples, root, tmp_path):
    frames = {}
    for seed in (0, 1):
        one = make_experiment(seeds=(seed,))
        frames[seed] = run(one, samples, store=tmp_path / "store", workers=1, references=False)
    older = frames[0].attrs["machines"][0] | {"torch": "1.0.0"}
    frames[0].attrs.update(machines=[older], torch="1.0.0")
    for seed, frame in frames.items():
        path = save_reference(frame, make_experiment(seeds=(seed,)), samples, root)
    meta = read_parquet(path)[1]
    assert sorted(machine["folds"] for machine in meta["machines"]) == [2, 2]
    assert any("torch 1.0.0" in note for note in meta["notes"])
    assert json.loads(meta["curves"])

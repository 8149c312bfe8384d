"""What a run leaves on disk is whole at any moment, and tells what may be skipped."""

from __future__ import annotations

import errno
import json
import os

import pytest

from merlib.errors import MerlibError
from merlib.running.plan import NotebookJob
from merlib.running.run_record import (
    RunRecord,
    alone_in,
    artefact_times,
    artefacts_written,
    read_json,
    write_json,
)


def job(**changes):
    from pathlib import Path

    return NotebookJob(
        **{"name": "04", "path": Path("04.py"), "parameters": {"profile": "smoke"}, "digest": "a", **changes}
    )


def finished(folder):
    """A run that finished notebook 04 with one artefact."""
    products = {
        "notebooks/04.ipynb": '{"cells": [{}]}',
        "artefacts/am3f.table5.json": '{"notebook": "04"}',
        "artefacts/am3f.table5.csv": "row,value",
        "artefacts/am3f.table5.paper.json": '{"notebook": "15"}',
    }
    for place, text in products.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text)
    RunRecord(folder, {"name": "x"}).set(job(), "done", artefacts=["am3f.table5"])
    return RunRecord(folder, {"name": "x"})


def test_a_full_disk_is_a_merlib_error_and_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "run.json"
    write_json(target, {"state": "old"})

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(MerlibError, match="No space left"):
        write_json(target, {"state": "new"})
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    assert json.loads(target.read_text()) == {"state": "old"}


def test_a_file_where_the_results_should_be_is_a_merlib_error(tmp_path):
    (tmp_path / "results").write_text("a file")
    with pytest.raises(MerlibError, match="cannot be written"):
        write_json(tmp_path / "results" / "run.json", {})


def test_a_finished_notebook_is_skipped(tmp_path):
    assert finished(tmp_path).reason_to_run(job()) is None


def test_an_unknown_notebook_runs(tmp_path):
    assert finished(tmp_path).reason_to_run(job(name="05")) == "not run before"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"digest": "b"}, "source, the library or a reference"),
        ({"data_files": "c"}, "files of its data changed"),
        ({"parameters": {"profile": "teach"}}, "parameters changed"),
    ],
)
def test_a_change_voids_the_finished_notebook(tmp_path, changes, reason):
    assert reason in finished(tmp_path).reason_to_run(job(**changes))


@pytest.mark.parametrize("state", ["waiting", "running", "failed", "interrupted"])
def test_only_done_is_done(tmp_path, state):
    finished(tmp_path).set(job(), state)
    assert RunRecord(tmp_path, {}).reason_to_run(job()) == f"it was {state}"


@pytest.mark.parametrize("lost", ["notebooks/04.ipynb", "artefacts/am3f.table5.json", "artefacts/am3f.table5.csv"])
@pytest.mark.parametrize("text", ["", '{"cells"'])
def test_a_damaged_product_is_made_again(tmp_path, lost, text):
    record = finished(tmp_path)
    (tmp_path / lost).write_text(text)
    assert "damaged" in record.reason_to_run(job())


def test_another_edition_of_an_artefact_is_another_notebooks_product(tmp_path):
    record = finished(tmp_path)
    (tmp_path / "artefacts" / "am3f.table5.paper.json").write_text("{}")
    assert record.reason_to_run(job()) is None


@pytest.mark.parametrize("lost", ["notebooks/04.ipynb", "artefacts/am3f.table5.json", "artefacts/am3f.table5.csv"])
def test_a_lost_product_is_made_again(tmp_path, lost):
    record = finished(tmp_path)
    (tmp_path / lost).unlink()
    assert "gone" in record.reason_to_run(job())


def test_a_record_cut_short_counts_as_absent(tmp_path):
    finished(tmp_path)
    text = (tmp_path / "run.json").read_text()
    (tmp_path / "run.json").write_text(text[: len(text) // 2])
    assert read_json(tmp_path / "run.json") == {}
    assert RunRecord(tmp_path, {}).reason_to_run(job()) == "not run before"


def replaced_state(**changes):
    def damage(path):
        content = json.loads(path.read_text())
        content["notebooks"]["04"] |= changes
        path.write_text(json.dumps(content))

    return damage


def instead(put):
    def damage(path):
        path.unlink()
        put(path)

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_text("[" * 100_000),
        lambda path: path.write_text('{"notebooks": [1, 2]}'),
        lambda path: path.write_text('{"notebooks": {"04": "done"}}'),
        replaced_state(artefacts=5),
        replaced_state(artefacts=[["a"]]),
        replaced_state(products=["a"]),
        replaced_state(products={"a": None}),
        instead(os.mkfifo),
        instead(os.mkdir),
        instead(lambda path: path.symlink_to("/dev/zero")),
        instead(lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 10**12)),
    ],
)
def test_a_record_of_whatever_content_counts_as_absent(tmp_path, damage):
    finished(tmp_path)
    damage(tmp_path / "run.json")
    assert RunRecord(tmp_path, {}).reason_to_run(job()) == "not run before"


def test_a_product_of_a_terabyte_is_made_again(tmp_path):
    record = finished(tmp_path)
    os.truncate(tmp_path / "artefacts" / "am3f.table5.csv", 10**12)
    assert "damaged" in record.reason_to_run(job())


def test_only_artefacts_written_now_by_this_notebook_are_its_own(tmp_path):
    folder = tmp_path / "artefacts"
    folder.mkdir()
    (folder / "am3f.table1.json").write_text('{"notebook": "04"}')
    before = artefact_times(tmp_path)
    (folder / "am3f.table4.json").write_text('{"notebook": "11"}')
    (folder / "am3f.table5.json").write_text('{"notebook": "notebooks/04.ipynb"}')
    assert artefacts_written(tmp_path, "04", before) == ["am3f.table5"]


def test_two_runs_do_not_share_a_folder(tmp_path):
    with alone_in(tmp_path), pytest.raises(MerlibError, match="another merlib run"), alone_in(tmp_path):
        pass
    with alone_in(tmp_path):
        pass

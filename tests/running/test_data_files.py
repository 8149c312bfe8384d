"""Data that changed since a notebook read it is noticed: a file's content, its name, one more, one less."""

from __future__ import annotations

import os

import pytest

from merlib.running.data_files import data_files_digest
from merlib.running.plan import plan_jobs

CELL = '# %% tags=["parameters"]\nprofile = "smoke"\ndata = []\nstore = ""\n'


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "maps"
    (folder / "sub01").mkdir(parents=True)
    (folder / "list.csv").write_text("a,0\n")
    (folder / "sub01" / "a.png").write_bytes(b"abc")
    return folder


def rewrite(folder):
    path = folder / "sub01" / "a.png"
    before = path.stat().st_mtime_ns
    path.write_bytes(b"xyz")  # as long as before
    os.utime(path, ns=(before, before + 1_000_000))


CHANGES = {
    "a file is rewritten": rewrite,
    "a file grows, and keeps its time": lambda folder: grown(folder / "list.csv"),
    "a file is added": lambda folder: (folder / "sub01" / "b.png").write_bytes(b""),
    "a file is removed": lambda folder: (folder / "sub01" / "a.png").unlink(),
    "a file is renamed": lambda folder: (folder / "list.csv").rename(folder / "labels.csv"),
}


def grown(path):
    before = path.stat().st_mtime_ns
    path.write_text("a,0\nb,1\n")
    os.utime(path, ns=(before, before))


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_noticed(change, data):
    before = data_files_digest([f"mine={data}"])
    assert data_files_digest([f"mine={data}"]) == before
    CHANGES[change](data)
    assert data_files_digest([f"mine={data}"]) != before


def test_a_change_behind_a_link_is_noticed_and_a_circle_of_links_ends(data, tmp_path):
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "maps").symlink_to(data)
    (data / "again").symlink_to(data)
    before = data_files_digest([f"mine={tmp_path / 'linked'}"])
    (data / "sub01" / "b.png").write_bytes(b"")
    assert data_files_digest([f"mine={tmp_path / 'linked'}"]) != before


def test_the_synthetic_twin_has_no_files():
    assert data_files_digest([]) == ""


@pytest.mark.long
def test_a_plan_knows_the_files_of_each_notebook_s_data(data, tmp_path):
    path = tmp_path / "own.py"
    path.write_text(CELL)
    given = {"profile": "smoke", "data": [f"mine={data}"], "store": ""}
    [before] = plan_jobs({"own": path}, given, {})
    rewrite(data)
    [after] = plan_jobs({"own": path}, given, {})
    assert before.data_files != after.data_files
    assert before.digest == after.digest

"""Folders may be called anything: blanks, accents, Chinese, characters that a shell or a pattern reads as its own."""

from __future__ import annotations

import json

import numpy as np
import pytest
from archive_builder import write_flat
from official_builder import build_casme2
from whole_copies import build_whole, plan

from merlib.clips.clip_table import frames
from merlib.datasets.archive.reader import read_flow_archive
from merlib.datasets.official.readers import read_casme2
from merlib.datasets.registry import parse_data
from merlib.running.data_files import data_files_digest
from merlib.running.plan import NotebookJob
from merlib.running.run_record import RunRecord

FOLDERS = ["with blanks", "微表情 数据", "résultats", "{a}=b", "[x]*?", "100% $HOME", "'quoted\"", "-n"]
LENIENT = {"on_bad_clip": "leave-out"}


@pytest.fixture(params=FOLDERS)
def odd(request, tmp_path):
    folder = tmp_path / request.param
    folder.mkdir()
    return folder


def test_maps_are_read_from_it(odd, tmp_path):
    data = parse_data([f"megc2019-flow={write_flat(odd / 'HT Nét')}"])
    there = read_flow_archive(data["megc2019-flow"], verify=False)
    assert there.digest == read_flow_archive(write_flat(tmp_path / "plain"), verify=False).digest


@pytest.mark.long
def test_recorded_clips_are_read_from_it(odd, tmp_path):
    there = read_casme2(build_casme2(odd), **LENIENT)
    plain = read_casme2(build_casme2(tmp_path / "plain"), **LENIENT)
    for left, right in zip(there.itertuples(), plain.itertuples(), strict=True):
        assert np.array_equal(frames(left), frames(right))


def test_videos_are_read_from_it(odd):
    table = read_casme2(build_whole("casme2", odd, "compressed", plan("casme2")[:1]), **LENIENT)
    assert frames(table.iloc[0]).shape[0] == 3


def test_a_run_into_it_knows_what_it_wrote_and_what_it_read(odd):
    (odd / "artefacts").mkdir()
    (odd / "notebooks").mkdir()
    (odd / "notebooks" / "04.ipynb").write_text('{"cells": [{}]}')
    for ending in ("json", "csv"):
        (odd / "artefacts" / f"am3f.table5.{ending}").write_text('{"notebook": "04"}')
    job = NotebookJob("04", odd / "04.py", {}, "a", data_files=data_files_digest([f"mine={odd / 'artefacts'}"]))
    RunRecord(odd, {}).set(job, "done", artefacts=["am3f.table5"])
    record = json.loads((odd / "run.json").read_text())["notebooks"]["04"]
    assert sorted(record["products"]) == ["am3f.table5.csv", "am3f.table5.json"]
    assert RunRecord(odd, {}).reason_to_run(job) is None
    (odd / "artefacts" / "am3f.table5.csv").write_text("cut")
    assert "damaged" in RunRecord(odd, {}).reason_to_run(job)

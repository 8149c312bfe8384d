"""``--data casme2=DIR`` opens recorded clips; absent ones are the rendered twin; a wrong door names the right one."""

from __future__ import annotations

import pytest
from official_builder import build_casme2, build_samm, build_smic, mark

from merlib.datasets import registry as doors
from merlib.datasets.official import composite
from merlib.datasets.official.readers import read_casme2
from merlib.errors import MerlibError


@pytest.fixture
def casme2(tmp_path):
    return mark(build_casme2(tmp_path / "CASME II"), "casme2", "cropped")


def test_named_clips_are_read_from_their_folder(casme2):
    data = doors.parse_data([f"casme2={casme2}"])
    assert doors.open_clips("casme2", data)["clip"].tolist() == ["EP90_01f", "EP90_02", "EP91_03f"]


@pytest.mark.parametrize(("name", "twin"), [("samm", "samm"), ("megc2019-cd", "megc2019")])
def test_clips_that_were_not_named_are_the_rendered_twin(name, twin, monkeypatch):
    from merlib.datasets.twin.rendering import rendered

    monkeypatch.setattr(rendered, "twin_clips", lambda asked: f"twin of {asked}")
    assert doors.open_clips(name, {}) == f"twin of {twin}"


def test_the_rendered_twin_follows_the_counts():
    table = doors.open_clips("samm", {})
    assert table.attrs["synthetic"]
    assert len(table) == 136


def test_the_composite_takes_its_sets_from_its_folder_or_from_their_own_doors(casme2, tmp_path, monkeypatch):
    whole = tmp_path / "whole"
    mark(build_samm(whole / "SAMM"), "samm", "frames")
    mark(build_smic(whole / "SMIC-HS"), "smic", "cropped")
    (whole / "combined_3class_gt.csv").write_text("casme2,sub01,EP90_01f,0\nsamm,6,006_8_1,0\nsmic,s01,s01_po_81,1\n")
    check = composite.read_list
    monkeypatch.setattr(composite, "read_list", lambda path, verify: check(path, verify=False))
    table = doors.open_clips("megc2019-cd", {"megc2019-cd": whole, "casme2": casme2})
    assert table["dataset"].tolist() == ["casme2", "samm", "smic"]
    casme2.rename(whole / "CASME II")
    assert len(doors.open_clips("megc2019-cd", doors.parse_data([f"megc2019-cd={whole}"]))) == 3


def test_samples_of_recorded_clips_point_to_the_clips(casme2):
    with pytest.raises(MerlibError, match=r"holds clips, not samples[\s\S]*open_clips\('casme2', data\)"):
        doors.open_samples("casme2", {"casme2": casme2})


def test_a_registered_reader_makes_samples_of_recorded_clips(casme2, monkeypatch):
    monkeypatch.setattr(doors, "READERS", dict(doors.READERS))
    doors.register_reader("casme2", lambda folder: f"features of {len(read_casme2(folder))} clips")
    assert doors.open_samples("casme2", {"casme2": casme2}) == "features of 3 clips"


def test_clips_of_your_own_come_in_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(doors, "CLIP_READERS", dict(doors.CLIP_READERS))
    doors.register_clip_reader("mine", lambda folder: folder.name)
    assert doors.open_clips("mine", doors.parse_data([f"mine={tmp_path}"])) == tmp_path.name


def test_a_name_without_clips_is_an_error():
    with pytest.raises(MerlibError, match="casme2, megc2019-cd, samm, smic"):
        doors.open_clips("megc2019-flow", {})


def test_frames_have_an_identity_that_follows_their_content(casme2, tmp_path):
    import shutil

    source = read_casme2(casme2)["source"][0]
    copy = shutil.copytree(casme2, tmp_path / "elsewhere")
    assert read_casme2(copy)["source"][0].identity == source.identity
    file = copy / "Cropped" / "sub01" / "EP90_01f" / "reg_img48.jpg"
    file.write_bytes(file.read_bytes() + b"\0")
    assert read_casme2(copy)["source"][0].identity != source.identity


def test_advice_for_an_absent_folder_is_a_command_that_exists(tmp_path):
    with pytest.raises(MerlibError, match=r"merlib data export smic .*absent"):
        doors.parse_data([f"smic={tmp_path / 'absent'}"])
    with pytest.raises(MerlibError) as refused:
        doors.parse_data([f"megc2019-cd={tmp_path / 'absent'}"])
    assert refused.value.action == "correct the path"

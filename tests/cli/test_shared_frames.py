"""`merlib data check` finds frames of one person among another's, also where the clip was cut anew."""

from __future__ import annotations

import shutil

import pytest
from official_builder import build_casme2, build_samm, build_smic

from merlib.cli.shared_frames import RULE, with_shared_frames
from merlib.cli.tables import audit_report
from merlib.datasets.official.audit import audit_clips

BUILD = {"casme2": build_casme2, "samm": build_samm, "smic": build_smic}
CLIPS = {"casme2": ("EP90_01f", "EP91_03f"), "samm": ("006_8_1", "037_8_2"), "smic": ("s1_ne_81", "s20_sur_81")}


def frames_of(folder, clip):
    [place] = folder.rglob(clip)
    return sorted(place.iterdir(), key=lambda path: (len(path.name), path.name))


@pytest.fixture(params=BUILD)
def copy(request, tmp_path):
    """A sound copy: its data set, its folder, and the frames of two people's clips."""
    folder = BUILD[request.param](tmp_path / "copy")
    return request.param, folder, *(frames_of(folder, clip) for clip in CLIPS[request.param])


def test_a_copy_in_which_people_share_no_frame_gains_no_finding(copy):
    name, folder, *_ = copy
    audit = audit_clips(name, folder)
    assert with_shared_frames(audit, folder, None) == audit


@pytest.mark.parametrize("count", [1, 4])
def test_frames_of_one_person_in_the_clip_of_another_are_an_error(copy, count):
    name, folder, one, two = copy
    for source, target in zip(one[:count], two[1:], strict=False):
        shutil.copyfile(source, target)
    audit = audit_clips(name, folder)
    assert "clip-duplicate" not in audit.by_rule
    told = with_shared_frames(audit, folder, None)
    [finding] = [each for each in told.findings if each.rule == RULE]
    assert finding.clip.endswith(CLIPS[name][1])
    assert finding.what.startswith(f"{count} of {len(two)} frames")
    assert told.readable == audit.readable - 1


def test_the_verb_tells_it_and_a_quick_look_does_not(copy, tmp_path):
    name, folder, one, two = copy
    shutil.copyfile(one[2], two[3])
    assert audit_report(name, str(folder), None)[1]
    assert "byte for byte" in (
        audit_report(name, str(folder), tmp_path / "r.json") and (tmp_path / "r.json").read_text()
    )
    audit_report(name, str(folder), tmp_path / "quick.json", quick=True)
    assert RULE not in (tmp_path / "quick.json").read_text()


def test_a_clip_copied_whole_is_told_once(copy):
    name, folder, one, two = copy
    for extra in two[len(one) :]:
        extra.unlink()
    for extra in one[len(two) :]:
        extra.unlink()
    for source, target in zip(one, two, strict=False):
        shutil.copyfile(source, target)
    audit = audit_clips(name, folder)
    assert audit.by_rule["clip-duplicate"] == 1
    assert with_shared_frames(audit, folder, None) == audit


def test_a_frame_that_cannot_be_read_ends_nothing(copy):
    name, folder, one, _ = copy
    one[0].write_bytes(b"")
    one[1].unlink()
    one[1].symlink_to("/dev/zero")
    audit = audit_clips(name, folder)
    assert with_shared_frames(audit, folder, None) == audit

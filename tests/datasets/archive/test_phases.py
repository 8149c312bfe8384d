"""The second public archive: two maps a clip in the right order, and damaged copies refused with the file's name."""

from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest
from archive_builder import CLIPS, FLAT, HEADER, LABEL_LIST, stretched_flow, write_map

from merlib.datasets import audit_flow_archive, open_samples, read_flow_archive, read_phase_archive
from merlib.datasets.archive.archives import FLOW, PHASES, public_archive
from merlib.datasets.archive.reader import UNVERIFIED
from merlib.errors import MerlibError


def narrow_flow(seed: int) -> np.ndarray:
    """SYNTHETIC uint8 (3, 28, 28) whose channels do not span 0..255, as after a reduction."""
    return 40 + stretched_flow(seed) // 2


@pytest.fixture
def small(tmp_path):
    """The map of clip i is `narrow_flow(i)`, that of its second phase `narrow_flow(100 + i)`."""
    lines = [HEADER]
    for i, (dataset, subject, clip, label) in enumerate(CLIPS):
        for ending, seed in (("", i), ("_1", 100 + i), ("_2", 200 + i), ("_3", 300 + i)):
            write_map(tmp_path / FLAT / f"{subject}_{clip}{ending} .png", narrow_flow(seed))
        lines.append(f"{dataset},{subject},{clip},{label},,{subject}_{clip}.jpg,")
    (tmp_path / LABEL_LIST).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def real_copy(phase_archive, tmp_path):
    """A private copy of the real archive to plant faults in."""
    return shutil.copytree(phase_archive, tmp_path / "copy", copy_function=shutil.copyfile)


def refused(folder, verify=True) -> MerlibError:
    with pytest.raises(MerlibError) as error:
        read_phase_archive(folder, verify=verify)
    return error.value


def test_flow_is_onset_to_apex_and_phases_add_apex_to_offset(small):
    samples = read_phase_archive(small, verify=False)
    assert samples.inputs["phases"].shape == (len(CLIPS), 2, 3, 28, 28)
    for i, (dataset, subject, clip, label) in enumerate(CLIPS):
        row = list(samples.keys).index(f"{dataset}/{subject}/{clip}")
        np.testing.assert_array_equal(samples.inputs["flow"][row], narrow_flow(i))
        np.testing.assert_array_equal(samples.inputs["phases"][row], [narrow_flow(i), narrow_flow(100 + i)])
        assert samples.labels[row] == label
    assert samples.name == "megc2019-phases"
    assert not samples.synthetic
    assert samples.notes == (UNVERIFIED,)  # the maps of directions are known and give no warning


def test_a_map_no_row_names_is_noted(small):
    write_map(small / FLAT / "sub09_EP09_1 .png", narrow_flow(9))
    assert any("sub09_EP09_1 .png" in note for note in read_phase_archive(small, verify=False).notes)


def test_a_clip_without_its_second_phase_is_named(small):
    (small / FLAT / "006_006_1_3_1 .png").unlink()
    error = refused(small, verify=False)
    assert "006_006_1_3_1 .png" in error.found
    assert "merlib data get megc2019-phases" in error.action
    report = audit_flow_archive(small, verify=False, archive=PHASES)
    assert [finding.severity for finding in report.errors] == ["error"]
    assert report.digest is None


def test_the_reader_of_the_first_archive_refuses_the_second_and_vice_versa(small, tmp_path):
    with pytest.raises(MerlibError, match="span"):
        read_flow_archive(small, verify=False)
    for path in (small / FLAT).glob("*_1 .png"):
        path.unlink()
    assert "is missing" in refused(small, verify=False).found


def test_a_small_archive_is_not_the_published_one(small):
    assert "organisers" in refused(small).expected


def test_an_unknown_archive_lists_the_known_ones():
    assert public_archive("megc2019-flow") is FLOW
    with pytest.raises(MerlibError, match="megc2019-phases"):
        public_archive("megc2019-phase")


@pytest.mark.long
def test_the_twin_has_the_clips_of_the_first_twin_under_their_labels_with_maps_of_its_own():
    first, second = open_samples("megc2019-flow", {}), open_samples("megc2019-phases", {})
    assert second.synthetic
    assert list(first.keys) == list(second.keys)
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(second.inputs["flow"], second.inputs["phases"][:, 0])
    v = [maps[:, 1].reshape(442, -1) for maps in (first.inputs["flow"], *second.inputs["phases"].swapaxes(0, 1))]
    alike, opposite = (
        np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(*pair, strict=True)]) for pair in (v[:2], v[1:])
    )
    assert 0.3 < alike < 0.9  # the same motion, measured twice
    assert opposite < -0.1  # what rose until the apex falls until the offset


@pytest.mark.real
def test_real_archive_has_the_first_archive_s_clips_and_labels_and_other_maps(flow_archive, phase_archive):
    first, second = read_flow_archive(flow_archive), read_phase_archive(phase_archive)
    assert second.inputs["phases"].shape == (442, 2, 3, 28, 28)
    assert second.notes == ()
    assert list(first.keys) == list(second.keys)
    np.testing.assert_array_equal(first.labels, second.labels)
    assert not any((a == b).all() for a, b in zip(first.inputs["flow"], second.inputs["flow"], strict=True))
    report = audit_flow_archive(phase_archive, archive=PHASES)
    assert (report.ok, report.clips, report.subjects, report.digest) == (True, 442, 68, second.digest)


@pytest.mark.long
@pytest.mark.real
def test_real_maps_in_another_encoding_are_accepted_and_other_pixels_are_not(real_copy, phase_archive):
    path = real_copy / FLAT / "s20_s20_sur_01_1 .png"
    pixels = cv2.imread(str(path))
    cv2.imwrite(str(path), pixels, [cv2.IMWRITE_PNG_COMPRESSION, 0])
    assert path.read_bytes() != (phase_archive / FLAT / path.name).read_bytes()
    assert read_phase_archive(real_copy).digest == read_phase_archive(phase_archive).digest
    pixels[5, 5, 0] ^= 1
    cv2.imwrite(str(path), pixels)
    error = refused(real_copy)
    assert path.name in error.found
    assert "SHA-256" in error.found

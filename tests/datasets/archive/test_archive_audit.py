"""The audit collects every planted fault at once and agrees with the reader."""

from __future__ import annotations

import json
import shutil

import pytest
from archive_builder import FLAT, LABEL_LIST, stretched_flow, write_flat, write_map

from merlib.datasets.archive.audit import audit_flow_archive
from merlib.datasets.archive.reader import read_flow_archive
from merlib.errors import MerlibError


@pytest.fixture
def small(tmp_path):
    return write_flat(tmp_path / "archive")


def test_a_sound_archive_has_no_finding_and_the_readers_digest(small):
    report = audit_flow_archive(small, verify=False)
    assert report.ok
    assert report.findings == ()
    assert report.digest == read_flow_archive(small, verify=False).digest
    assert report.by_class == {"negative": 3, "positive": 1, "surprise": 1}
    assert report.by_dataset == {"casme2": 2, "samm": 2, "smic": 1}
    assert (report.layout, report.clips, report.subjects) == ("flat", 5, 4)


def test_every_planted_fault_is_found_at_once(small):
    (small / FLAT / "sub01_EP02_01f .png").unlink()
    truncated = small / FLAT / "sub02_EP01_11f .png"
    truncated.write_bytes(truncated.read_bytes()[:50])
    text = (small / LABEL_LIST).read_text(encoding="utf-8").replace("s01_ne_01,0", "s01_ne_01,7")
    (small / LABEL_LIST).write_text(text, encoding="utf-8")
    write_map(small / FLAT / "sub09_EP09 .png", stretched_flow(9))

    report = audit_flow_archive(small, verify=False)

    found = " ".join(finding.what for finding in report.errors)
    assert len(report.errors) == 3
    assert "sub01_EP02_01f .png" in found
    assert "truncated after 50 bytes" in found
    assert "label '7'" in found
    warnings = [finding.where for finding in report.findings if finding.severity == "warning"]
    # the map of the refused row is reported as named by no row, next to the stray one
    assert str(small / FLAT / "sub09_EP09 .png") in warnings
    assert report.digest is None
    assert not report.ok
    with pytest.raises(MerlibError):
        read_flow_archive(small, verify=False)


def test_a_warning_alone_keeps_the_archive_readable(small):
    write_map(small / FLAT / "sub09_EP09 .png", stretched_flow(9))
    report = audit_flow_archive(small, verify=False)
    assert [finding.severity for finding in report.findings] == ["warning"]
    assert report.ok
    assert report.digest == read_flow_archive(small, verify=False).digest


def test_a_missing_folder_is_a_finding_not_an_exception(tmp_path):
    report = audit_flow_archive(tmp_path / "nowhere")
    assert not report.ok
    assert "nowhere" in report.findings[0].where
    assert report.clips == 0


def test_json_carries_verdict_counts_and_findings(small):
    (small / FLAT / "sub01_EP02_01f .png").unlink()
    record = json.loads(audit_flow_archive(small, verify=False).to_json())
    assert record["ok"] is False
    assert record["by_dataset"]["samm"] == 2
    assert set(record["findings"][0]) == {"severity", "what", "where", "expected", "action"}


@pytest.mark.real
def test_the_real_archive_is_sound(flow_archive):
    report = audit_flow_archive(flow_archive)
    assert report.findings == ()
    assert report.by_class == {"negative": 250, "positive": 109, "surprise": 83}
    assert report.by_dataset == {"casme2": 145, "samm": 133, "smic": 164}
    assert report.digest == read_flow_archive(flow_archive).digest


@pytest.mark.real
def test_faults_planted_in_the_real_archive_are_all_listed(flow_archive, tmp_path):
    copy = shutil.copytree(flow_archive, tmp_path / "copy", copy_function=shutil.copyfile)
    for name in ("006_006_1_2 .png", "s01_s01_ne_01 .png", "sub26_EP18_51 .png"):
        (copy / FLAT / name).unlink()
    text = (copy / LABEL_LIST).read_text(encoding="utf-8").replace("037_3_2,0,", "037_3_2,2,")
    (copy / LABEL_LIST).write_text(text, encoding="utf-8")
    what = [finding.what for finding in audit_flow_archive(copy).errors]
    assert len(what) == 4
    assert sum("is missing" in text for text in what) == 3
    assert "samm/037 has 1 surprise." in what

"""Copies as large as the real data sets, with the manifests' counts, invented clips and two frames each."""

from __future__ import annotations

import io

import numpy as np
import pytest
from official_builder import casme2_cells, samm_cells, smic_cells, write_sheet
from PIL import Image

from merlib.datasets.official.audit import audit_clips
from merlib.datasets.official.readers import read_casme2, read_samm, read_smic
from merlib.sources import subject_counts

pytestmark = pytest.mark.slow


def plan(name, scheme):
    """Every clip that the manifest counts: subject, running number, class."""
    rows = subject_counts(name, scheme).itertuples(index=False)
    people = [(subject, label) for subject, label, n in rows for _ in range(n)]
    return [(subject, number, label) for number, (subject, label) in enumerate(people)]


def two_frames(folder, form, number, first, grey=False):
    rng = np.random.default_rng([number, grey])
    folder.mkdir(parents=True)
    for frame in (first, first + 1):
        content = io.BytesIO()
        picture = rng.integers(0, 256, (8, 8) if grey else (8, 8, 3), dtype=np.uint8)
        Image.fromarray(picture).save(content, format="JPEG", quality=95)
        (folder / form.format(frame)).write_bytes(content.getvalue())


@pytest.fixture(scope="module")
def casme2(tmp_path_factory):
    folder = tmp_path_factory.mktemp("casme2")
    rows = []
    for subject, number, label in plan("casme2", "emotion7"):
        clip = f"EP80_{number}"
        two_frames(folder / "Cropped" / subject / clip, "reg_img{}.jpg", number, 40)
        rows.append((int(subject[3:]), clip, 40, 41, 40, 41, 41, "4", label))
    return folder, rows


def test_a_whole_casme2_of_unknown_edition_has_the_counts(casme2):
    folder, rows = casme2
    write_sheet(folder / "CASME2-coding-copy.xlsx", casme2_cells(rows))
    audit = audit_clips("casme2", folder)
    assert [(finding.severity, finding.rule) for finding in audit.findings] == [("warning", "sheet-edition-unknown")]
    assert (audit.clips, audit.subjects, audit.frames, audit.synthetic) == (255, 26, 510, False)
    table = read_casme2(folder)
    assert len(table) == 255
    assert table["label"].value_counts()["others"] == 99
    (folder / "CASME2-coding-copy.xlsx").unlink()


def test_the_later_edition_is_told_by_its_name_and_its_counts_are_expected(casme2):
    folder, rows = casme2
    later = [(*row[:-1], "surprise") if row[0] == 24 and row[-1] == "sadness" else row for row in rows]
    moved = sum(old != new for old, new in zip(rows, later, strict=True))
    write_sheet(folder / "CASME2-coding-20190701.xlsx", casme2_cells(later))
    audit = audit_clips("casme2", folder, quick=True)
    assert moved == 3
    assert audit.edition == "20190701 (by name and rows, another file)"
    assert [finding.rule for finding in audit.findings] == ["sheet-edition-unknown", "edition-decides-label"]
    assert (audit.by_class["surprise"], audit.by_class["sadness"]) == (28, 4)
    (folder / "CASME2-coding-20190701.xlsx").unlink()


def test_a_whole_samm_has_the_counts(tmp_path):
    rows = []
    for subject, number, label in plan("samm", "emotion8"):
        clip = f"{subject}_8_{number}"
        two_frames(tmp_path / subject / clip, f"{subject}_{{:05d}}.jpg", number, 900, grey=True)
        rows.append((subject, clip, 900, 901, 900, 901, 901, "12", label.capitalize()))
    write_sheet(tmp_path / "SAMM_Micro_FACS_Codes_v2.xlsx", samm_cells(rows))
    audit = audit_clips("samm", tmp_path)
    assert [finding.rule for finding in audit.findings] == ["sheet-edition-unknown"]
    assert (audit.clips, audit.subjects) == (159, 29)
    assert len(read_samm(tmp_path)) == 159


def test_a_whole_smic_with_two_rows_missing_is_repaired(tmp_path):
    rows = []
    for subject, number, label in plan("smic", "polarity3"):
        person = f"s{int(subject[1:])}"
        clip = f"{person}_{label[:2]}_{number}"
        place = tmp_path / "SMIC_all_cropped" / "HS" / person / "micro" / label / clip
        two_frames(place, "reg_image{}.jpg", number, 5000)
        rows.append((person, clip, label, 5000, 5001, 5000, 5001))
    write_sheet(tmp_path / "SMIC-HS-E_annotation.xlsx", smic_cells([*rows[:3], *rows[4:50], *rows[51:]]), "HS")
    audit = audit_clips("smic", tmp_path)
    assert audit.edition == "original (by name and rows, another file)"
    assert [finding.rule for finding in audit.findings] == ["sheet-edition-unknown", "rows-missing", "rows-missing"]
    assert (audit.clips, audit.subjects, audit.ok) == (164, 16, True)
    table = read_smic(tmp_path)
    assert table["label"].value_counts().to_dict() == {"negative": 70, "positive": 51, "surprise": 43}

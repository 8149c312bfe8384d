"""Manifests: of the declared form, true to the counts, and strict about faults."""

from __future__ import annotations

import hashlib
import shutil

import pandas as pd
import pytest
import yaml

from merlib.errors import MerlibError
from merlib.sources import available_manifests, download_files, load_manifest, manifests_dir, subject_counts
from merlib.sources.manifests import DatasetManifest
from merlib.sources.subjects import canonical_subject

NAMES = ("casme2", "megc2019_cd", "megc2019_flow", "megc2019_phases", "published_logs", "samm", "smic")


def committed(name: str) -> dict:
    return yaml.safe_load((manifests_dir() / name / "manifest.yaml").read_text(encoding="utf-8"))


def test_every_source_has_a_manifest():
    assert tuple(available_manifests()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_manifest_has_the_declared_form_and_its_folder_s_name(name):
    assert load_manifest(name).name == name


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("sheets", 0, "sha256"), "cc45"),
        (("clips",), -1),
        (("access",), "free"),
        (("citation", 0, "year"), "soon"),
        (("licence", "page"), "casme.psych.ac.cn"),
        (("colour",), "green"),
    ],
)
def test_a_planted_fault_is_caught(path, value):
    faulty = committed("casme2")
    place = faulty
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ValueError, match=str(path[-1])):
        DatasetManifest.model_validate(faulty)


def test_classes_that_do_not_sum_to_the_clips_are_caught():
    faulty = committed("casme2")
    faulty["classes"]["emotion7"]["disgust"] = 60
    with pytest.raises(ValueError, match="emotion7 sum to 252, clips says 255"):
        DatasetManifest.model_validate(faulty)


def test_a_public_source_without_download_is_caught():
    faulty = committed("megc2019_flow")
    del faulty["download"]
    with pytest.raises(ValueError, match="needs a download"):
        DatasetManifest.model_validate(faulty)


def test_a_broken_manifest_names_its_file_and_field(tmp_path, monkeypatch):
    shutil.copytree(manifests_dir() / "smic", tmp_path / "smic")
    path = tmp_path / "smic" / "manifest.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("clips: 164", "clips: many"), encoding="utf-8")
    monkeypatch.setenv("MERLIB_MANIFESTS", str(tmp_path))
    with pytest.raises(MerlibError, match=r"smic.manifest.yaml: clips"):
        load_manifest("smic")


def test_manifests_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        load_manifest("smic").clips = 157


def test_unknown_manifest_suggests_the_nearest_and_hyphens_are_read():
    assert load_manifest("megc2019-flow").name == "megc2019_flow"
    with pytest.raises(MerlibError, match="did you mean 'megc2019_flow'"):
        load_manifest("megc2019_flaw")


@pytest.mark.parametrize("name", [n for n in NAMES if n != "published_logs"])
def test_totals_agree_with_the_counts_by_subject(name):
    manifest = load_manifest(name)
    subjects = set()
    for scheme, classes in manifest.classes.items():
        counts = subject_counts(name, scheme)
        assert counts.groupby("class")["n"].sum().to_dict() == classes
        subjects |= set(counts["subject"])
    assert len(subjects) == manifest.subjects


def test_flow_file_list_is_442_maps_and_the_label_list():
    files = download_files("megc2019-flow")
    maps = [file for file in files if file.path.endswith(" .png")]
    assert (len(files), len(maps)) == (443, 442)
    assert len({file.path for file in files}) == len({file.sha256 for file in files}) == 443
    assert {file.commit for file in files} == {"91cf4bda0a2db50d638d46c04c5d7cf3b602d446"}
    labels = next(file for file in files if file.path.endswith(".csv"))
    assert labels.sha256 == load_manifest("megc2019_flow").sheets[0].sha256


def test_phase_file_list_is_two_maps_a_clip_with_their_pixels_the_label_list_and_the_licence():
    files = {file.path: file for file in download_files("megc2019-phases")}
    maps = {path: file for path, file in files.items() if path.endswith(" .png")}
    second = {path for path in maps if path.endswith("_1 .png") and path.replace("_1 .png", " .png") in maps}
    assert (len(maps), len(second), len(files)) == (884, 442, 886)
    assert len({file.pixels_sha256 for file in maps.values()}) == 884
    assert set(files) - set(maps) == {"LICENSE", "combined_3_class2_for_optical_flow.csv"}
    labels = files["combined_3_class2_for_optical_flow.csv"]
    assert labels.sha256 == load_manifest("megc2019_flow").sheets[0].sha256  # the first archive's list, byte for byte
    assert {file.commit for file in files.values()} == {"7bdf163face030eeae4358fc7638cf538305acce"}


def test_each_published_log_keeps_its_own_repository():
    origins = {file.save_as: file.repository for file in download_files("published-logs")}
    assert origins == {
        "ststnet_matlab_log.txt": "christy1206/STSTNet",
        "ststnet_python_log.txt": "christy1206/STSTNet",
        "capsulenet_result_log.csv": "davidnvq/me_recognition",
    }


def test_a_licensed_source_says_where_to_ask_instead_of_downloading():
    with pytest.raises(MerlibError, match=r"casme\.psych\.ac\.cn") as error:
        download_files("casme2")
    assert "megc2019_flow, megc2019_phases, published_logs" in error.value.expected


def test_maps_and_organisers_share_one_label_identity():
    organisers = load_manifest("megc2019_cd").labels
    assert load_manifest("megc2019_flow").labels == load_manifest("megc2019_phases").labels == organisers


def test_bibtex_has_the_fields_of_its_entry():
    text = load_manifest("samm").citation[0].bibtex()
    assert text.startswith("@article{davison2018samm,")
    assert "doi = {10.1109/TAFFC.2016.2573832}" in text
    assert "journal = {IEEE Transactions on Affective Computing}" in text


@pytest.mark.real
def test_organisers_list_has_the_recorded_hash_and_label_identity(shared_real):
    path = shared_real / "megc2019_combined_3class_gt.csv"
    manifest = load_manifest("megc2019_cd")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == manifest.sheets[0].sha256
    rows = pd.read_csv(path, header=None, dtype=str).itertuples(index=False)
    lines = sorted(f"{d},{canonical_subject(d, s)},{clip},{label}\n" for d, s, clip, label in rows)
    assert hashlib.sha256("".join(lines).encode()).hexdigest() == manifest.labels.sorted_rows_sha256


@pytest.mark.real
def test_file_list_is_that_of_the_archive(flow_archive):
    for file in download_files("megc2019_flow"):
        content = (flow_archive / file.path).read_bytes()
        assert len(content) == file.bytes
        assert hashlib.sha256(content).hexdigest() == file.sha256

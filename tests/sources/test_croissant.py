"""The Croissant export: committed as generated, and complete where search engines look."""

from __future__ import annotations

import json

import pytest

from merlib.sources import available_manifests, download_files, load_manifest, manifests_dir, to_croissant
from merlib.sources.croissant import croissant_text


@pytest.mark.parametrize("name", available_manifests())
def test_committed_export_is_that_of_the_manifest(name):
    path = manifests_dir() / name / "croissant.json"
    assert path.read_text(encoding="utf-8") == croissant_text(load_manifest(name))


@pytest.mark.parametrize("name", available_manifests())
def test_required_properties_are_there(name):
    document = to_croissant(load_manifest(name))
    required = {
        "@context",
        "@type",
        "conformsTo",
        "name",
        "description",
        "license",
        "url",
        "creator",
        "datePublished",
    }
    assert required <= set(document)
    assert document["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    fields = {field["@id"] for field in document["recordSet"][0]["field"]}
    assert all(set(row) == fields for row in document["recordSet"][0]["data"])


def test_every_file_is_pinned_by_address_and_hash():
    files = {file.path: file for file in download_files("megc2019_flow")}
    distribution = to_croissant(load_manifest("megc2019_flow"))["distribution"]
    assert len(distribution) == 443
    for entry in distribution:
        assert entry["sha256"] == files[entry["name"]].sha256
        assert files[entry["name"]].commit in entry["contentUrl"]
        assert " " not in entry["contentUrl"]
        assert " " not in entry["@id"]
    assert any("%20.png" in entry["contentUrl"] for entry in distribution)


@pytest.mark.parametrize("name", ["casme2", "samm", "smic", "megc2019_cd"])
def test_a_licensed_source_lists_no_file(name):
    document = to_croissant(load_manifest(name))
    assert "distribution" not in document
    assert document["isAccessibleForFree"] is False


def test_counts_survive_the_round_trip_through_json():
    document = json.loads(croissant_text(load_manifest("samm")))
    rows = document["recordSet"][0]["data"]
    clips = {row["class_counts/class"]: row["class_counts/clips"] for row in rows
             if row["class_counts/scheme"] == "emotion8"}  # fmt: skip
    assert sum(clips.values()) == 159

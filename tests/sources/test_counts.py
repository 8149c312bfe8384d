"""Clips by subject and class against the totals that the sheets and papers state."""

from __future__ import annotations

import pytest

from merlib.errors import MerlibError
from merlib.sources import counted_schemes, subject_counts

TOTALS = {
    ("casme2", "emotion7"): {
        "disgust": 63, "fear": 2, "happiness": 32, "others": 99, "repression": 27, "sadness": 7,
        "surprise": 25,
    },
    ("casme2", "emotion5"): {"disgust": 63, "happiness": 32, "others": 99, "repression": 27, "surprise": 25},
    ("samm", "emotion8"): {
        "anger": 57, "contempt": 12, "disgust": 9, "fear": 8, "happiness": 26, "other": 26, "sadness": 6,
        "surprise": 15,
    },
    ("samm", "emotion5"): {"anger": 57, "contempt": 12, "happiness": 26, "other": 26, "surprise": 15},
    ("smic", "polarity3"): {"negative": 70, "positive": 51, "surprise": 43},
    ("megc2019_cd", "polarity3"): {"negative": 250, "positive": 109, "surprise": 83},
}  # fmt: skip


@pytest.mark.parametrize(("dataset", "scheme"), TOTALS)
def test_classes_sum_to_the_official_totals(dataset, scheme):
    counts = subject_counts(dataset, scheme)
    assert list(counts.columns) == ["subject", "class", "n"]
    assert counts.groupby("class")["n"].sum().to_dict() == TOTALS[dataset, scheme]
    assert (counts["n"] > 0).all()
    assert not counts.duplicated(["subject", "class"]).any()


def test_five_classes_hold_246_and_136_clips():
    assert subject_counts("casme2")["n"].sum() == 246
    assert subject_counts("samm")["n"].sum() == 136


def test_composite_subjects_carry_their_data_set_and_canonical_id():
    subjects = subject_counts("megc2019_cd")["subject"].drop_duplicates()
    parts = subjects.str.split("/", expand=True)
    assert parts[0].value_counts().to_dict() == {"casme2": 24, "samm": 28, "smic": 16}
    assert {"casme2/sub01", "smic/s01", "samm/006"} <= set(subjects)


def test_subject_numbers_keep_their_zeros():
    assert "006" in set(subject_counts("samm")["subject"])


def test_flow_maps_cover_the_composite():
    assert subject_counts("megc2019-flow").equals(subject_counts("megc2019_cd"))


def test_smic_is_the_same_alone_and_in_the_composite():
    alone = subject_counts("smic")
    whole = subject_counts("megc2019_cd")
    part = whole[whole["subject"].str.startswith("smic/")]
    assert list(part["n"]) == list(alone["n"])
    assert list(part["subject"].str.removeprefix("smic/")) == list(alone["subject"])


def test_unknown_names_list_the_valid_ones():
    assert counted_schemes("casme2") == ["emotion5", "emotion7"]
    with pytest.raises(MerlibError, match="smic"):
        subject_counts("smik")
    with pytest.raises(MerlibError, match="emotion5, emotion7"):
        subject_counts("casme2", "emotion8")

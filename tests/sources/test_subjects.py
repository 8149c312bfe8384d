"""One person, one id, however a list spells it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merlib.clips.subjects import DATASETS, canonical_dataset, canonical_subject, subject_dataset
from merlib.errors import MerlibError
from merlib.sources import subject_counts


@pytest.mark.parametrize(
    ("dataset", "raw", "canonical"),
    [
        ("casme2", 1, "sub01"),
        ("casme2", "sub1", "sub01"),
        ("CASME II", "26", "sub26"),
        ("smic", "s1", "s01"),
        ("SMIC-HS", "s01", "s01"),
        ("smic", 20, "s20"),
        ("samm", 6, "006"),
        ("samm", 6.0, "006"),
        ("samm", " 006 ", "006"),
    ],
)
def test_every_spelling_in_use_becomes_one_id(dataset, raw, canonical):
    assert canonical_subject(dataset, raw) == canonical


@given(st.sampled_from(DATASETS), st.integers(1, 20))
def test_canonical_ids_are_fixed_points(dataset, number):
    once = canonical_subject(dataset, number)
    assert canonical_subject(dataset, once) == once
    assert subject_dataset(once) == dataset


@pytest.mark.parametrize("dataset", DATASETS)
def test_published_counts_use_canonical_ids(dataset):
    for subject in subject_counts(dataset)["subject"]:
        assert canonical_subject(dataset, subject) == subject


@pytest.mark.parametrize(
    ("dataset", "raw"),
    [("casme2", "s01"), ("casme2", 27), ("casme2", 0), ("smic", "sub01"), ("samm", "s06"), ("samm", 6.5),
     ("samm", True), ("samm", ""), ("samm", float("nan"))],
)  # fmt: skip
def test_an_id_of_another_form_is_refused_with_its_value(dataset, raw):
    with pytest.raises(MerlibError) as error:
        canonical_subject(dataset, raw)
    assert repr(raw) in error.value.found


def test_unknown_data_set_lists_the_three():
    with pytest.raises(MerlibError, match="casme2, samm, smic"):
        canonical_dataset("casme3")
    with pytest.raises(MerlibError, match="subject 'x1'"):
        subject_dataset("x1")

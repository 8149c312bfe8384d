"""Classes asked of a table: words it does not have are errors, fine classes become coarse ones by a mapping."""

from __future__ import annotations

import pandas as pd
import pytest

from merlib.clips.classes import MEGC2019, choose_classes, dropped_labels
from merlib.errors import MerlibError
from merlib.sources import load_manifest, subject_counts

CASME2 = ("disgust", "fear", "happiness", "others", "repression", "sadness", "surprise")


def table(*labels):
    frame = pd.DataFrame({"label": labels})
    frame.attrs["name"] = "casme2"
    return frame


def test_three_classes_asked_in_another_sets_words_are_refused_with_the_mapping_named():
    with pytest.raises(MerlibError) as refused:
        choose_classes(table(*CASME2), ("negative", "positive", "surprise"))
    assert "negative, positive" in refused.value.found
    assert "disgust" in refused.value.expected
    assert "MEGC2019" in refused.value.action


def test_the_mapping_that_the_message_names_works():
    becomes, names = choose_classes(table(*CASME2), MEGC2019["casme2"])
    assert names == ("negative", "positive", "surprise")
    assert becomes == {"disgust": "negative", "repression": "negative", "happiness": "positive", "surprise": "surprise"}


def test_dropped_labels_are_counted():
    frame = table("disgust", "others", "others", "fear")
    assert dropped_labels(frame, {"disgust": "negative"}) == (
        "3 of 4 clips are of no class asked for (fear 1, others 2)"
    )
    assert dropped_labels(frame, dict.fromkeys(CASME2, "all")) == ""


def test_a_label_of_two_classes_is_refused():
    with pytest.raises(MerlibError, match="fear"):
        choose_classes(table("fear"), {"a": ["fear"], "b": ["fear"]})


def test_a_class_given_twice_is_refused_and_given_once_it_works():
    with pytest.raises(MerlibError) as refused:
        choose_classes(table(*CASME2), ("disgust", "surprise", "disgust"))
    assert "disgust" in refused.value.found
    assert "disgust once" in refused.value.action
    assert choose_classes(table(*CASME2), ("disgust", "surprise"))[1] == ("disgust", "surprise")


def test_a_short_run_may_lack_a_class_that_the_whole_table_has():
    short = table("disgust")
    short.attrs["labels"] = ("disgust", "surprise")
    assert choose_classes(short, ("disgust", "surprise"))[1] == ("disgust", "surprise")


@pytest.mark.parametrize(("name", "negative"), [("casme2", 90), ("samm", 92), ("smic", 70)])
def test_the_ready_made_classes_have_the_counts_of_the_challenge(name, negative):
    """CASME II's negative is 90 in the sheet, of which the challenge keeps 88 (errata DUAL-ATME-C7)."""
    scheme = {"casme2": "emotion7", "samm": "emotion8", "smic": "polarity3"}[name]
    counts = subject_counts(name, scheme).groupby("class")["n"].sum()
    totals = {coarse: sum(counts[fine] for fine in labels) for coarse, labels in MEGC2019[name].items()}
    assert totals["negative"] == negative
    assert set(MEGC2019[name]) == set(load_manifest("megc2019_cd").labels.classes)

"""Published logs: every line read, subjects canonical, and the published scores recomputed from them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from merlib.errors import MerlibError
from merlib.sources import subject_counts
from merlib.sources.published_logs import read_published_log

BY_CLIP = "casme2 sub01\nEP02_01f 1 1\nEP19_05f 0 2\nsmic s3\ns03_ne_01 0 0\nsamm 6\n006_1_2 2 0"
BY_SUBJECT = (
    "Subject: 006 \nPredicted   : [0, 2] \nGround Truth: [0, 1] \nUF1: 0.5 | UAR: nan \n"
    "Subject: sub01 \nPredicted   : [1] \nGround Truth: [1] \nUF1: 0.5 | UAR: 0.5 \n"
    "Final Evaluation: \nUF1: 0.7209 | UAR: 0.725 \n"
)


@pytest.fixture
def log(tmp_path):
    def write(text: str):
        path = tmp_path / "some_log.txt"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_lines_by_clip_become_rows_with_canonical_subjects(log):
    frame = read_published_log(log(BY_CLIP))
    assert frame.to_numpy().tolist() == [
        ["casme2", "sub01", "EP02_01f", 1, 1],
        ["casme2", "sub01", "EP19_05f", 0, 2],
        ["smic", "s03", "s03_ne_01", 0, 0],
        ["samm", "006", "006_1_2", 2, 0],
    ]
    assert str(frame["label"].dtype) == "int64"


def test_lists_by_subject_are_numbered_and_keep_truth_apart_from_prediction(log):
    frame = read_published_log(log(BY_SUBJECT))
    assert frame.to_numpy().tolist() == [
        ["samm", "006", "001", 0, 0],
        ["samm", "006", "002", 1, 2],
        ["casme2", "sub01", "001", 1, 1],
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is empty"),
        ("EP02_01f 1 1\n", "line 1"),
        (BY_CLIP + "\nEP09 1", "line 8"),
        (BY_CLIP.replace("2 0", "3 0"), "line 7: label '3'"),
        (BY_CLIP + "\n006_1_2 2 0", "006_1_2 twice"),
        (BY_CLIP.replace("smic s3", "smic s33"), "line 4: smic: subject 's33'"),
        (BY_SUBJECT.replace("[0, 1]", "[0, 1, 1]"), "line 3: 3 labels for 2 predictions"),
        (BY_SUBJECT.replace("[0, 2]", "[0, x]"), "line 2"),
        (BY_SUBJECT.replace("[0, 2]", "[0, 4]"), "line 2: label '4'"),
        (BY_SUBJECT.replace("Predicted   : [1]", "Guessed: [1]"), "line 6"),
    ],
)
def test_a_damaged_log_is_refused_with_its_line(log, text, complaint):
    with pytest.raises(MerlibError) as error:
        read_published_log(log(text))
    assert complaint in error.value.found


def test_a_missing_log_says_how_to_fetch_it(tmp_path):
    with pytest.raises(MerlibError, match="merlib data get published-logs"):
        read_published_log(tmp_path / "absent.txt")


def scores(frame) -> tuple[float, float]:
    truth, prediction = frame["label"], frame["prediction"]
    uf1 = f1_score(truth, prediction, average="macro")
    return round(uf1, 4), round(recall_score(truth, prediction, average="macro"), 4)


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "clips", "expected"),
    [
        ("ststnet_matlab_log.txt", 442, (0.7353, 0.7186)),
        ("ststnet_python_log.txt", 442, (0.7209, 0.7250)),
        ("capsulenet_result_log.csv", 435, (0.6520, 0.6506)),
    ],
)
def test_real_logs_give_the_known_scores(shared_real, name, clips, expected):
    frame = read_published_log(shared_real / "published_logs" / name)
    assert len(frame) == clips
    assert scores(frame) == expected


@pytest.mark.real
def test_errata_x1_published_uar_of_ststnet_is_macro_precision(shared_real):
    frame = read_published_log(shared_real / "published_logs" / "ststnet_matlab_log.txt")
    parts = {"all": frame, **dict(tuple(frame.groupby("dataset")))}
    precision = {
        name: precision_score(part["label"], part["prediction"], average="macro") for name, part in parts.items()
    }
    assert {name: round(value, 4) for name, value in precision.items()} == {
        "all": 0.7605,
        "casme2": 0.8686,
        "smic": 0.7013,
        "samm": 0.6810,
    }
    assert {name: scores(part)[1] for name, part in parts.items() if name != "all"} == {
        "casme2": 0.8190,
        "smic": 0.6703,
        "samm": 0.6415,
    }


@pytest.mark.real
@pytest.mark.parametrize("name", ["ststnet_matlab_log.txt", "ststnet_python_log.txt"])
def test_real_logs_hold_the_composites_clips_of_each_subject_and_class(shared_real, name):
    frame = read_published_log(shared_real / "published_logs" / name)
    found = frame.groupby([frame["dataset"] + "/" + frame["subject"], "label"]).size()
    classes = np.array(["negative", "positive", "surprise"])
    found = {(person, str(classes[label])): n for (person, label), n in found.items()}
    expected = {(row.subject, row[2]): row.n for row in subject_counts("megc2019_cd").itertuples()}
    assert found == expected

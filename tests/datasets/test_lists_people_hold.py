"""Label lists as spreadsheets save them again: read to the same labels, or refused with the line and what to do."""

from __future__ import annotations

import pandas as pd
import pytest
from archive_builder import LABEL_LIST, write_flat

from merlib.datasets.archive.reader import read_flow_archive
from merlib.datasets.official.composite import LIST, find_list, read_list
from merlib.errors import MerlibError

ROWS = ["casme2,sub01,EP90_01f,0", "samm,6,006_9_1,1", "smic,s1,s1_sur_91,2"]
READ = [
    ["casme2", "sub01", "EP90_01f", "negative"],
    ["samm", "006", "006_9_1", "positive"],
    ["smic", "s01", "s01_sur_91", "surprise"],
]
WORDS = ["negative", "positive", "surprise"]
PLAIN = "\n".join(ROWS)
SAVED_AGAIN = {
    "with a byte order mark and Windows line ends": ("\ufeff" + "\r\n".join(ROWS) + "\r\n").encode(),
    "with a header": f"data,subject,clip,label\n{PLAIN}".encode(),
    "with semicolons": PLAIN.replace(",", ";").encode(),
    "with tabs": PLAIN.replace(",", "\t").encode(),
    "in UTF-16": PLAIN.encode("utf-16"),
    "with labels as decimals": "\n".join(f"{row}.0" for row in ROWS).encode(),
    "with blanks": PLAIN.replace(",", ", ").encode(),
    "with empty rows": f"{PLAIN}\n\n,,,\n".encode(),
    "with words as labels": "\n".join(f"{row[:-1]}{word}" for row, word in zip(ROWS, WORDS, strict=True)).encode(),
}


@pytest.mark.parametrize("how", SAVED_AGAIN)
def test_a_list_that_was_saved_again_gives_the_same_clips_and_labels(how, tmp_path):
    (tmp_path / LIST).write_bytes(SAVED_AGAIN[how])
    assert read_list(tmp_path / LIST, verify=False).to_numpy().tolist() == READ


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (PLAIN.encode() + "\n备注,x,y,0\n".encode("gbk"), "line 4: unknown data set"),
        ("\n".join(f"{i},{row}" for i, row in enumerate(ROWS)).encode(), "line 1 has 5 columns"),
        (b"casme3,sub01,EP90_01f,9\n" + PLAIN.encode(), "line 1: unknown data set"),  # no header: 9 is no word
        (PLAIN.replace(",2", ",3").encode(), "line 3: label '3'"),
        (b"data,subject,clip,label\n", "names no clip"),
        (b"", "names no clip"),
        (PLAIN.encode("utf-16")[:-1], "truncated data"),
    ],
)
def test_a_list_with_something_else_in_it_is_refused_with_its_line(content, found, tmp_path):
    (tmp_path / LIST).write_bytes(content)
    with pytest.raises(MerlibError, match=found):
        read_list(tmp_path / LIST, verify=False)


def test_a_list_under_nearly_its_name_is_found_unless_two_could_be_meant(tmp_path):
    other = tmp_path / "combined_3_class_gt.csv"
    other.write_text(PLAIN)
    (tmp_path / "results.csv").write_text("x")
    assert find_list(tmp_path) == other
    (tmp_path / "Combined_3class_GT (1).csv").write_text(PLAIN)
    assert find_list(tmp_path) == tmp_path / LIST


def by_pandas(path, **changes):
    """Save a list again as somebody who read it with pandas does: 006 becomes 6."""
    table = pd.read_csv(path)
    table.assign(**{name: change(table) for name, change in changes.items()}).to_csv(path, index=False)


def encode(path, encoding, delimiter=","):
    path.write_bytes(path.read_text("utf-8").replace(",", delimiter).encode(encoding))


RESAVED = {
    "read and written by pandas": by_pandas,
    "decimals as labels": lambda path: by_pandas(path, label=lambda table: table["label"].astype(float)),
    "with an index column": lambda path: pd.read_csv(path).to_csv(path),
    "with semicolons": lambda path: encode(path, "utf-8", ";"),
    "in UTF-16": lambda path: encode(path, "utf-16"),
    "with a byte order mark": lambda path: encode(path, "utf-8-sig"),
    "with an empty row below": lambda path: path.write_text(path.read_text() + ",,,,,,\n"),
}


@pytest.mark.parametrize("how", RESAVED)
def test_the_list_of_the_maps_saved_again_reads_to_the_same_samples(how, tmp_path):
    folder = write_flat(tmp_path)
    before = read_flow_archive(folder, verify=False).digest
    RESAVED[how](folder / LABEL_LIST)
    assert read_flow_archive(folder, verify=False).digest == before


def test_names_of_maps_whose_blank_a_program_removed_are_the_same_maps(tmp_path):
    folder = write_flat(tmp_path)
    before = read_flow_archive(folder, verify=False).digest
    for path in list(folder.rglob("* .png")):
        path.rename(path.with_name(path.name.replace(" .png", ".png")))
    assert read_flow_archive(folder, verify=False).digest == before


def test_a_note_below_the_list_is_refused_with_its_line(tmp_path):
    folder = write_flat(tmp_path)
    with (folder / LABEL_LIST).open("a", encoding="utf-8") as file:
        file.write("备注,,,,,,\n")
    with pytest.raises(MerlibError, match="line 7: unknown data set"):
        read_flow_archive(folder, verify=False)

"""The fold store: an entry exists whole or not at all, and what is damaged is told apart."""

from __future__ import annotations

import errno
import logging
import os

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from merlib.errors import MerlibError
from merlib.learning.store import fold_store
from merlib.learning.store.fold_store import FoldStore, entry_key, frame_digest, read_parquet, write_parquet

FRAME = pd.DataFrame(
    {"seed": 0, "subject": ["006", "s1"], "label": np.array([0, 2]), "score_a": [0.1 + 0.2, 1e-300]},
)
META = {"fold": "toy-s01", "curves": {"loss": [1.0, 0.5]}, "seconds": 1.5}


@pytest.fixture
def store(tmp_path):
    return FoldStore(tmp_path / "store")


def files(store) -> list[str]:
    return sorted(path.name for path in store.root.rglob("*") if path.is_file())


def no_space(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def read_only(*_, **__):
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_an_entry_comes_back_as_it_was_saved(store):
    store.save("ab12", FRAME, META)
    frame, meta = store.load("ab12")
    pd.testing.assert_frame_equal(frame, FRAME, check_exact=True)
    assert meta == META
    assert "ab12" in store
    assert list(store.keys()) == ["ab12"]


def test_an_absent_entry_is_none_and_makes_no_folder(store):
    assert store.load("ab12") is None
    assert "ab12" not in store
    assert not store.root.exists()


def test_entries_are_as_readable_as_other_new_files(store, tmp_path):
    # a store shared by a group: a private file could not be read by the others
    store.save("ab12", FRAME, META)
    plain = tmp_path / "plain"
    plain.write_text("")
    assert store.path("ab12").stat().st_mode == plain.stat().st_mode


def test_the_key_depends_on_each_of_its_five_parts():
    parts = ["experiment", "fold", 0, "samples", "source"]
    keys = {entry_key(*parts)}
    for i in range(5):
        keys.add(entry_key(*[99 if j == i else part for j, part in enumerate(parts)]))
    assert len(keys) == 6


class Crash(BaseException):
    """Stands for a process that dies: nothing catches it."""


def test_a_crash_between_write_and_rename_leaves_no_entry(store, monkeypatch):
    def crash(*_):
        raise Crash

    monkeypatch.setattr(fold_store.os, "replace", crash)
    with pytest.raises(Crash):
        store.save("ab12", FRAME, META)
    assert store.load("ab12") is None
    assert list(store.keys()) == []


def test_a_stray_temporary_file_is_no_entry(store):
    store.save("ab12", FRAME, META)
    stray = store.path("ab13").with_name(".ab13.parquet.0f0f.tmp")
    stray.write_bytes(store.path("ab12").read_bytes())
    assert list(store.keys()) == ["ab12"]
    assert store.load("ab13") is None


@pytest.mark.parametrize("keep", [0, 4, 0.5, 0.95])
def test_an_entry_cut_short_counts_as_absent_and_is_told(store, keep, caplog):
    store.save("ab12", FRAME, META)
    path = store.path("ab12")
    whole = path.read_bytes()
    path.write_bytes(whole[: keep if isinstance(keep, int) else int(len(whole) * keep)])
    with caplog.at_level(logging.WARNING):
        assert store.load("ab12") is None
    assert "ab12.parquet is damaged" in caplog.text
    assert "trained again" in caplog.text
    store.save("ab12", FRAME, META)
    assert store.load("ab12") is not None


def test_altered_content_is_detected_though_the_file_is_a_valid_one(store, caplog):
    store.save("ab12", FRAME, META)
    path = store.path("ab12")
    table = pq.read_table(path)
    column = table.schema.get_field_index("label")
    altered = table.set_column(column, "label", pa.array([1, 2])).replace_schema_metadata(table.schema.metadata)
    pq.write_table(altered, path)
    assert pq.read_table(path)["label"].to_pylist() == [1, 2]
    assert store.load("ab12") is None
    assert "was altered on disk" in caplog.text


def test_a_parquet_file_of_others_is_no_entry(store):
    store.path("ab12").parent.mkdir(parents=True)
    FRAME.to_parquet(store.path("ab12"))
    assert store.load("ab12") is None


@pytest.mark.parametrize("values", [[0.1 + 0.2, 0.0], ["006", "s1x"]])
def test_the_content_digest_sees_every_value(values):
    column = "score_a" if isinstance(values[0], float) else "subject"
    assert frame_digest(FRAME.assign(**{column: values})) != frame_digest(FRAME)
    assert frame_digest(FRAME.rename(columns={column: "x"})) != frame_digest(FRAME)
    assert frame_digest(FRAME.copy()) == frame_digest(FRAME)


@pytest.mark.parametrize(
    ("target", "name", "fault", "reason"),
    [
        (pq.ParquetWriter, "write_table", no_space, "No space left on device"),
        (os, "replace", no_space, "No space left on device"),
        (os, "fsync", no_space, "No space left on device"),
        (os, "replace", read_only, "Read-only file system"),
    ],
)
def test_a_full_or_read_only_disk_is_said_and_leaves_nothing_half_written(
    store, monkeypatch, target, name, fault, reason
):
    store.save("ab12", FRAME, META)
    monkeypatch.setattr(target, name, fault)
    with pytest.raises(MerlibError, match=reason) as caught:
        store.save("ab34", FRAME, META)
    assert "finished work is kept" in str(caught.value)
    assert files(store) == ["ab12.parquet", "index.jsonl"]
    assert store.load("ab12") is not None


def test_an_entry_that_fails_to_be_replaced_stays_as_it_was(store, monkeypatch):
    store.save("ab12", FRAME, META)
    monkeypatch.setattr(pq.ParquetWriter, "write_table", no_space)
    with pytest.raises(MerlibError):
        store.save("ab12", FRAME.assign(label=9), META)
    assert store.load("ab12")[0]["label"].tolist() == [0, 2]


def test_a_store_below_a_file_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MerlibError, match="cannot be written"):
        FoldStore(tmp_path / "file" / "store").save("ab12", FRAME, META)
    with pytest.raises(MerlibError, match="cannot be written"):
        FoldStore(tmp_path / "file" / "store").check_writable()


def test_the_check_before_training_leaves_nothing_behind(store, monkeypatch):
    store.check_writable()
    assert files(store) == []
    monkeypatch.setattr(os, "replace", read_only)
    with pytest.raises(MerlibError, match="Read-only file system"):
        store.check_writable()
    assert files(store) == []


def test_a_folder_named_like_a_partition_adds_no_column(tmp_path):
    path = tmp_path / "profile=teach" / "x.parquet"
    write_parquet(FRAME, META, path)
    assert list(read_parquet(path)[0].columns) == list(FRAME.columns)


def test_meta_data_is_written_once_whatever_the_frame_carries(tmp_path):
    frame = FRAME.copy()
    frame.attrs = {"curves": "0123456789" * 10_000}
    sizes = []
    for each in (FRAME, frame):
        write_parquet(each, frame.attrs, tmp_path / "x.parquet")
        sizes.append((tmp_path / "x.parquet").stat().st_size)
    assert sizes[0] == sizes[1]
    assert 100_000 < sizes[0] < 110_000
    assert frame.attrs  # the caller's frame keeps its own


def test_a_damaged_file_read_alone_says_what_to_do(tmp_path):
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    with pytest.raises(MerlibError, match=r"x.parquet is damaged(.|\n)*delete it"):
        read_parquet(tmp_path / "x.parquet")

"""What lies in the store is what was asked for: every damage of the table is retrained, refused or harmless."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from store_damages import ENTRY, put_foreign
from toy_samples import make_experiment

from merlib.errors import MerlibError
from merlib.learning import FoldStore, run
from merlib.learning.store.fold_store import META, frame_digest

KEPT = ("curves", "processor", "torch", "numba", "device", "machines", "notes")
trained: dict[str, tuple[Path, pd.DataFrame]] = {}


@pytest.fixture
def whole(samples, tmp_path_factory):
    """A store with both folds of an experiment, trained once, and what `run` returned."""
    if not trained:
        folder = tmp_path_factory.mktemp("whole")
        trained["whole"] = folder, run(make_experiment(), samples, store=folder, workers=1)
    return trained["whole"]


@pytest.fixture
def copy(whole, tmp_path):
    folder = tmp_path / "store"
    shutil.copytree(whole[0], folder)
    return folder


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("??/*.parquet"))


def check_same(again: pd.DataFrame, before: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(again, before, check_exact=True)
    assert {key: again.attrs[key] for key in KEPT} == {key: before.attrs[key] for key in KEPT}


@pytest.mark.long
@pytest.mark.parametrize("name", ENTRY)
def test_a_damaged_entry_is_retrained_refused_or_harmless(name, whole, copy, samples, caplog):
    damage, expected = ENTRY[name]
    damage(entries(copy))
    if expected == "refused":
        before = {path: path.is_dir() or path.read_bytes() for path in entries(copy)}
        with pytest.raises(MerlibError, match="move it away"):
            run(make_experiment(), samples, store=copy, workers=1)
        assert {path: path.is_dir() or path.read_bytes() for path in entries(copy)} == before
        return
    with caplog.at_level(logging.WARNING):
        again = run(make_experiment(), samples, store=copy, workers=1)
    check_same(again, whole[1])
    retrained = not again.attrs["origin"].startswith("0 of")
    assert retrained or expected != "retrained"
    gone = "link" in name or name in ("removed", "a named pipe")
    assert not retrained or gone or "trained again" in caplog.text
    assert run(make_experiment(), samples, store=copy, workers=1).attrs["origin"].startswith("0 of")


def test_the_table_holds_forty_damages():
    assert len(ENTRY) >= 40


def test_an_entry_of_another_experiment_is_not_believed_under_this_name(whole, copy, samples, tmp_path, caplog):
    run(make_experiment(epochs=1), samples, store=tmp_path / "other", workers=1)
    for foreign in entries(tmp_path / "other"):
        put_foreign(foreign, entries(copy))
        check_same(run(make_experiment(), samples, store=copy, workers=1), whole[1])
    assert "not what was asked for" in caplog.text


def _as_before_format_2(path: Path, **changes: object) -> None:
    """Rewrite an entry as versions before the format wrote it: fewer fields, a digest over the rows alone."""
    table = pq.read_table(path)
    frame, meta = table.to_pandas(), json.loads(table.schema.metadata[META])
    older = {key: value for key, value in meta.items() if key not in ("format", "key", "source", "numba")}
    told = json.dumps({**older, **changes, "content": frame_digest(frame)})
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata({META: told}), path)


def test_entries_of_older_versions_are_read_and_compared_in_what_they_have(whole, copy, samples):
    for path in entries(copy):
        _as_before_format_2(path)
    again = run(make_experiment(), samples, store=copy, workers=1)
    pd.testing.assert_frame_equal(again, whole[1], check_exact=True)
    assert again.attrs["origin"].startswith("0 of 2")
    assert again.attrs["numba"] == "not noted"
    for changes in ({"fold": "fold01"}, {"experiment_digest": "0" * 64}, {"seconds": "many"}, {"curves": None}):
        _as_before_format_2(entries(copy)[0], **changes)
        _as_before_format_2(entries(copy)[1], **changes)
        again = run(make_experiment(), samples, store=copy, workers=1)
        assert again.attrs["origin"].startswith(("1 of 2", "2 of 2"))
        pd.testing.assert_frame_equal(again, whole[1], check_exact=True)


@pytest.mark.long
def test_a_file_that_says_it_has_more_rows_than_memory_holds_is_damaged(copy, samples):
    path = entries(copy)[0]
    huge = pa.table({"seed": pa.DictionaryArray.from_arrays(pa.array([0] * 20_000_000, pa.int32()), pa.array([0]))})
    pq.write_table(huge.replace_schema_metadata({META: b"{}"}), path)
    assert path.stat().st_size < 100_000
    assert FoldStore(copy).load(path.stem) is None


def test_folds_of_several_machines_or_versions_are_told_with_their_number(copy, samples):
    from merlib.learning.store.fold_store import read_parquet, write_parquet

    frame, meta = read_parquet(entries(copy)[0])
    write_parquet(frame, meta | {"torch": "1.0.0"}, entries(copy)[0])
    attrs = run(make_experiment(), samples, store=copy, workers=1).attrs
    assert sorted(machine["folds"] for machine in attrs["machines"]) == [1, 1]
    assert len({machine["torch"] for machine in attrs["machines"]}) == 2
    assert any("several machines or versions" in note and "torch 1.0.0" in note for note in attrs["notes"])

"""Forty ways to damage an entry of a fold store, and what must come of each: one table, used by one test.

A damage is called with the files of a store's entries; it changes the first. ``retrained`` means that the fold is
trained again and the log says so, ``refused`` an error before anything is trained, ``harmless`` that nothing of what
was stored is lost or changed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from merlib.learning.store.fold_store import META, content_digest, frame_digest

Files = list[Path]


def cut(keep: float) -> Callable[[Files], None]:
    """Keep the first `keep` bytes, or that share of them."""

    def damage(files: Files) -> None:
        whole = files[0].read_bytes()
        files[0].write_bytes(whole[: keep if isinstance(keep, int) else int(len(whole) * keep)])

    return damage


def flipped(where: float) -> Callable[[Files], None]:
    """Flip one bit at that share of the file."""

    def damage(files: Files) -> None:
        content = bytearray(files[0].read_bytes())
        content[int(len(content) * where)] ^= 0x10
        files[0].write_bytes(content)

    return damage


def text(find: bytes, put: bytes) -> Callable[[Files], None]:
    """Exchange bytes inside the footer's JSON for as many others."""

    def damage(files: Files) -> None:
        content = files[0].read_bytes()
        assert find in content
        files[0].write_bytes(content.replace(find, put[: len(find)].ljust(len(find)), 1))

    return damage


def bytes_of(content: bytes) -> Callable[[Files], None]:
    return lambda files: files[0].write_bytes(content)


def instead(put: Callable[[Path], object]) -> Callable[[Files], None]:
    """Remove the file and put something else in its place."""

    def damage(files: Files) -> None:
        files[0].unlink()
        put(files[0])

    return damage


def full_folder(path: Path) -> None:
    path.mkdir()
    (path / "x").write_text("x")


def exchange(files: Files) -> None:
    one, other = (path.read_bytes() for path in files[:2])
    files[0].write_bytes(other)
    files[1].write_bytes(one)


def link_to_another(files: Files) -> None:
    files[0].unlink()
    files[0].symlink_to(files[1])


def rows(change: Callable[[pd.DataFrame], pd.DataFrame], digest: str = "kept") -> Callable[[Files], None]:
    """Rewrite the rows; the content digest is kept, as an older version wrote it (over rows alone), or made to fit."""
    return rewritten(lambda frame, meta: (change(frame.copy()), meta), digest)


def meta(digest: str = "kept", **values: object) -> Callable[[Files], None]:
    """Rewrite fields of the meta data; None removes one."""

    def change(frame: pd.DataFrame, old: dict) -> tuple[pd.DataFrame, dict]:
        return frame, {key: value for key, value in {**old, **values}.items() if value is not None}

    return rewritten(change, digest)


def rewritten(change: Callable, digest: str) -> Callable[[Files], None]:
    def damage(files: Files) -> None:
        table = pq.read_table(files[0])
        frame, told = change(table.to_pandas(), json.loads(table.schema.metadata[META]))
        if digest == "older":
            told["content"] = frame_digest(frame)
        if digest == "fitting":
            told["content"] = content_digest(frame, told)
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata({META: json.dumps(told)})
        pq.write_table(table, files[0])

    return damage


def raw_meta(value: bytes | None) -> Callable[[Files], None]:
    def damage(files: Files) -> None:
        table = pq.read_table(files[0])
        pq.write_table(table.replace_schema_metadata({META: value} if value else None), files[0])

    return damage


def another_prediction(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[0, "prediction"] = (frame.loc[0, "prediction"] + 1) % 3
    return frame


def all_correct(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(prediction=frame["label"])


def another_score(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[0, "score_negative"] = 0.999
    return frame


def other_labels(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(label=(frame["label"] + 1) % 3)


def short_scores(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(score_negative=frame["score_negative"].astype("float32") * 1.0001)


def nan_scores(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(score_negative=float("nan"))


FORGED = {"processor": "FAKE 9000", "torch": "0.0.1", "device": "abacus"}
NOT_ASKED = {"experiment_digest": "0" * 64, "samples": "0" * 64, "fold": "nonsense"}

ENTRY: dict[str, tuple[Callable[[Files], None], str]] = {
    "cut after ten bytes": (cut(10), "retrained"),
    "cut in the middle": (cut(0.5), "retrained"),
    "the last byte missing": (cut(-1), "retrained"),
    "a bit at 5 %": (flipped(0.05), "retrained or harmless"),
    "a bit at 25 %": (flipped(0.25), "retrained or harmless"),
    "a bit at 50 %": (flipped(0.50), "retrained or harmless"),
    "a bit at 75 %": (flipped(0.75), "retrained or harmless"),
    "a bit at 95 %": (flipped(0.95), "retrained or harmless"),
    "empty": (bytes_of(b""), "retrained"),
    "zeros": (lambda files: files[0].write_bytes(bytes(len(files[0].read_bytes()))), "retrained"),
    "junk after the end": (lambda files: files[0].write_bytes(files[0].read_bytes() + b"junk"), "retrained"),
    "a CSV": (bytes_of(b"seed,fold\n0,x\n"), "retrained"),
    "an empty folder": (instead(Path.mkdir), "refused"),
    "a full folder": (instead(full_folder), "refused"),
    "a named pipe": (instead(os.mkfifo), "retrained"),
    "a link to nowhere": (instead(lambda path: path.symlink_to("/nonexistent/x")), "retrained"),
    "a link to itself": (instead(lambda path: path.symlink_to(path)), "retrained"),
    "a link to a device": (instead(lambda path: path.symlink_to("/dev/zero")), "retrained"),
    "a link to another entry": (link_to_another, "retrained"),
    "two entries exchanged": (exchange, "retrained"),
    "removed": (instead(lambda path: None), "retrained"),
    "a prediction": (rows(another_prediction), "retrained"),
    "a prediction, digest as an older version's": (rows(another_prediction, "older"), "retrained"),
    "all predictions corrected, digest made to fit": (rows(all_correct, "fitting"), "retrained"),
    "a score": (rows(another_score), "retrained"),
    "scores of another type": (rows(short_scores), "retrained"),
    "scores that are no numbers, digest made to fit": (rows(nan_scores, "fitting"), "retrained"),
    "labels, digest made to fit": (rows(other_labels, "fitting"), "retrained"),
    "a column gone, digest made to fit": (rows(lambda f: f.drop(columns="prediction"), "fitting"), "retrained"),
    "a row gone, digest made to fit": (rows(lambda f: f.iloc[1:], "fitting"), "retrained"),
    "another seed, digest made to fit": (rows(lambda f: f.assign(seed=5), "fitting"), "retrained"),
    "seconds": (meta(seconds=-1e9), "retrained"),
    "seconds in words, digest made to fit": (meta("fitting", seconds="many"), "retrained"),
    "who trained": (meta(**FORGED), "retrained"),
    "another identity, digest made to fit": (meta("fitting", **NOT_ASKED), "retrained"),
    "curves": (meta(curves={"loss": [0.0, 0.0], "accuracy": [1.0, 1.0]}), "retrained"),
    "no curves, digest made to fit": (meta("fitting", curves=None), "retrained"),
    "meta data gone": (raw_meta(None), "retrained"),
    "meta data a list": (raw_meta(b"[1, 2]"), "retrained"),
    "meta data cut short": (raw_meta(b'{"content":'), "retrained"),
    "a digit of the seconds in the footer": (text(b'"seconds": ', b'"seconds":9'), "retrained"),
    "a digit of a loss in the footer": (text(b'"loss": [', b'"loss":[9'), "retrained"),
}


def put_foreign(source: Path, files: Files) -> None:
    """Put an entry of another experiment under the name of the first."""
    shutil.copy(source, files[0])

"""The fold store: one parquet file per fold and seed, named by the digest of all that decided it.

An entry is written to a temporary file and renamed, so that it exists whole or not at all. Its content digest covers
its rows and its meta data, and the meta data hold its key. So an entry that was cut short, altered, exchanged or put
under another name is recognised; it counts as absent, and training its fold again replaces it. Training never deletes
an entry, so that processes may share a store, and `FoldStore.claim` keeps two of them from training one fold.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from merlib.errors import MerlibError
from merlib.files import renamed_into
from merlib.learning.store.claims import claimed, left_behind
from merlib.opening import is_regular, read_file

log = logging.getLogger(__name__)

META = b"merlib"
INSTEAD = "name another folder; finished work is kept"
FORMAT = 2  # the content digest covers the meta data too; that of older entries, which name no format, covers rows only
MOST_BYTES = 2**28  # largest size of an entry or a reference that is read: a hundred times the largest so far
MOST_ROWS = 10**7  # parquet stores a long run of one value in a few bytes, so a small file could fill the memory

Check = Callable[[pd.DataFrame, dict], str]
"""Told the rows and the meta data of an entry; returns what is not as it was asked for, empty when all is."""


def describe_entry(key: str, meta: dict) -> dict:
    """Return what a listing of the store shows of one entry, from its meta data."""
    experiment = meta.get("experiment", {})
    return {
        "key": key,
        "model": experiment.get("model", "?"),
        "label": experiment.get("label", "?"),
        "protocol": experiment.get("protocol", "?"),
        "fold": meta.get("fold", "?"),
        "seed": meta.get("seed", -1),
        "samples": str(meta.get("samples", "?"))[:12],
        "seconds": meta.get("seconds", 0.0),
    }


def entry_key(experiment: str, fold: str, seed: int, samples: str, source: str) -> str:
    """Return the key of an entry: SHA-256 over the digests of experiment, fold, samples and source, and the seed."""
    return hashlib.sha256(f"{experiment}\n{fold}\n{seed}\n{samples}\n{source}".encode()).hexdigest()


def frame_digest(frame: pd.DataFrame) -> str:
    """SHA-256 of a frame's column names, types and values."""
    sha = hashlib.sha256()
    for column in frame.columns:
        values = frame[column]
        text = values.dtype.kind not in "biuf"
        raw = "\n".join(map(str, values)).encode() if text else values.to_numpy().tobytes()
        sha.update(f"{column}:{'str' if text else values.dtype}:".encode() + raw)
    return sha.hexdigest()


def content_digest(frame: pd.DataFrame, meta: dict) -> str:
    """SHA-256 of a frame and of its meta data (plain JSON values, without ``content``, which holds this digest)."""
    told = json.dumps({key: value for key, value in meta.items() if key != "content"}, sort_keys=True)
    return hashlib.sha256(f"{frame_digest(frame)}\n{told}".encode()).hexdigest()


def write_parquet(frame: pd.DataFrame, meta: dict, path: Path) -> None:
    """Write `frame` with `meta` (JSON) into `path` whole or not at all; the frame's own ``attrs`` are left out.

    Raises
    ------
    MerlibError
        When the folder cannot be written: read-only, or the disk is full.
    """
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)  # pandas writes attrs there
    meta = json.loads(json.dumps({**meta, "format": FORMAT}))  # as a reader will see it, with lists for tuples
    text = json.dumps({**meta, "content": content_digest(frame, meta)})
    with renamed_into(path, INSTEAD) as file, pq.ParquetWriter(file, table.schema, store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({META: text})  # metadata of the arrow schema would be written twice


def read_parquet(path: Path, sha256: str | None = None) -> tuple[pd.DataFrame, dict]:
    """Read what `write_parquet` wrote, and check its content digest.

    Parameters
    ----------
    path : Path
        The file.
    sha256 : str, optional
        SHA-256 of the whole file, where it is known; it is compared before anything is decoded.

    Raises
    ------
    MerlibError
        When the file is cut short or its content was altered.
    """
    try:
        with pq.ParquetFile(pa.BufferReader(read_file(path, MOST_BYTES, sha256))) as file:
            meta = _meta_of(file)
            table = file.read(use_threads=False)
        frame = table.to_pandas(use_threads=False, ignore_metadata=True)
        digest = content_digest(frame, meta) if "format" in meta else frame_digest(frame)
    except Exception as error:  # parquet's decoders raise whatever a damaged byte leads them to
        raise _damaged(path, error) from error
    if meta.pop("content") != digest or meta.pop("format", FORMAT) != FORMAT:
        raise MerlibError(f"{path} was altered on disk.", "its content as written.", "delete it; it is made anew.")
    return frame, meta


def _meta_of(file: pq.ParquetFile) -> dict:
    if file.metadata.num_rows > MOST_ROWS:
        raise ValueError(f"{file.metadata.num_rows} rows")
    meta = json.loads(file.metadata.metadata[META])
    if not isinstance(meta, dict) or "content" not in meta:
        raise ValueError("no meta data of merlib's")
    return meta


def _damaged(path: Path, error: Exception) -> MerlibError:
    why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return MerlibError(f"{path} is damaged ({why}).", "a whole parquet file.", "delete it; it is made anew.")


def read_meta(path: Path) -> dict:
    """Return the meta data of an entry from its footer, without its rows; a damaged file is a MerlibError."""
    try:
        with pq.ParquetFile(pa.BufferReader(read_file(path, MOST_BYTES))) as file:
            return _meta_of(file)
    except Exception as error:  # as in `read_parquet`
        raise _damaged(path, error) from error


def _opened_to_append(path: Path) -> int:
    """Open a file for appending without waiting: a named pipe that nobody reads raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o666)


class FoldStore:
    """A folder of finished folds.

    Parameters
    ----------
    root : path
        Where the entries lie; made at the first write.
    """

    def __init__(self, root: str | os.PathLike):
        self.root = Path(root)

    def path(self, key: str) -> Path:
        """Return where the entry `key` lies or would lie."""
        return self.root / key[:2] / f"{key}.parquet"

    def __contains__(self, key: str) -> bool:
        return self.path(key).is_file()

    def keys(self) -> Iterator[str]:
        """Yield the keys of all entries."""
        for path in sorted(self.root.glob("??/*.parquet")):
            yield path.stem

    def check_writable(self) -> None:
        """Raise a MerlibError when nothing can be written, before hours of training are lost for it."""
        probe = self.root / f".probe-{secrets.token_hex(6)}"
        with renamed_into(probe, INSTEAD) as file:
            file.write(b"merlib")
        probe.unlink(missing_ok=True)

    @contextmanager
    def claim(self, key: str) -> Iterator[None]:
        """Hold the right to train `key`, so that two runs sharing a store do not train one fold twice.

        Waits while another process holds it, and says which one; see `claims.claimed`. Temporary files that a killed
        process left while it wrote this entry are removed, since no other process can be writing it now.
        """
        with claimed(self.root / "locks" / f"{key[:32]}.lock", key, INSTEAD):
            for stray in self.path(key).parent.glob(f".{key}.parquet.*.tmp"):
                stray.unlink(missing_ok=True)
            yield

    def tidy(self, keys: list[str]) -> None:
        """Remove the lock files of `keys` that killed processes left behind; nothing else is touched."""
        left_behind([self.root / "locks" / f"{key[:32]}.lock" for key in keys])

    def save(self, key: str, predictions: pd.DataFrame, meta: dict) -> None:
        """Write one entry, whole or not at all, and its line in the index."""
        write_parquet(predictions, {**meta, "key": key}, self.path(key))
        self.note(key, meta)

    def note(self, key: str, meta: dict) -> None:
        """Append the line of the index that `index.list_store` shows of an entry or a start."""
        line = json.dumps(describe_entry(key, meta)) + "\n"
        with suppress(OSError), open(_opened_to_append(self.root / "index.jsonl"), "a", encoding="utf-8") as index:
            index.write(line)  # one short write: lines of several processes do not mix

    def load(self, key: str, check: Check | None = None) -> tuple[pd.DataFrame, dict] | None:
        """Return predictions and meta data of one entry; None when it is absent, damaged, or fails `check`.

        Parameters
        ----------
        key : str
            The entry's name, which its own meta data must repeat.
        check : callable, optional
            Compares what was read with what was asked for (`checks.Question`); without it the key alone is compared.

        Raises
        ------
        MerlibError
            When a folder lies in the entry's place, since training could not replace it.

        Notes
        -----
        A damaged or wrong entry leaves a warning in the log, and its fold is trained again.
        """
        path = self.path(key)
        if path.is_dir():
            raise MerlibError(f"{path} is a folder.", "an entry of the fold store.", "move it away and run again.")
        if not is_regular(path):
            return None
        try:
            frame, meta = read_parquet(path)
        except MerlibError as error:
            log.warning("fold store: %s It is trained again.", error.found)
            return None
        wrong = f"it is the entry {str(meta['key'])[:12]}" if meta.get("key", key) != key else ""
        wrong = wrong or (check(frame, meta) if check else "")
        meta.pop("key", None)
        if wrong:
            log.warning("fold store: %s is not what was asked for: %s. It is trained again.", path, wrong)
            return None
        return frame, meta

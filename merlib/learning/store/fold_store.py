"""The fold store: one parquet file a fold and seed, named by the digest of all that decided it.

An entry is written to a temporary file and renamed, so that it exists whole or not at all. An entry that was
cut short or altered on disk is told apart by its content digest and counts as absent; training it again replaces
it. Training never deletes, so that processes may share a store; `FoldStore.claim` keeps two from training one fold.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from merlib.errors import MerlibError
from merlib.files import renamed_into, writing_to

log = logging.getLogger(__name__)

META = b"merlib"
INSTEAD = "name another folder; finished work is kept"


def describe_entry(key: str, meta: dict) -> dict:
    """Return what a list of the store shows of one entry, from its meta data."""
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


def write_parquet(frame: pd.DataFrame, meta: dict, path: Path) -> None:
    """Write `frame` with `meta` (JSON) into `path` whole or not at all; the frame's own ``attrs`` are left out.

    Raises
    ------
    MerlibError
        When the folder cannot be written: read-only, or the disk is full.
    """
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)  # pandas' holds the attrs
    text = json.dumps({**meta, "content": frame_digest(frame)})
    with renamed_into(path, INSTEAD) as file, pq.ParquetWriter(file, table.schema, store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({META: text})  # in a schema of arrow's it would be written twice


def read_parquet(path: Path) -> tuple[pd.DataFrame, dict]:
    """Read what `write_parquet` wrote, and check its content digest.

    Raises
    ------
    MerlibError
        When the file is cut short or its content was altered.
    """
    try:
        table = pq.read_table(path, use_threads=False)
        meta = json.loads(table.schema.metadata[META])
        frame = table.to_pandas(use_threads=False)
        intact = meta.pop("content") == frame_digest(frame)
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise MerlibError(
            f"{path} is damaged ({type(error).__name__}).",
            "a whole parquet file.",
            "delete it; it is made anew.",
        ) from error
    if not intact:
        raise MerlibError(f"{path} was altered on disk.", "its content as written.", "delete it; it is made anew.")
    return frame, meta


def read_meta(path: Path) -> dict:
    """Return the meta data of an entry from its footer, without its rows; a damaged file is a MerlibError."""
    try:
        return json.loads(pq.read_schema(path).metadata[META])
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise MerlibError(f"{path} is damaged.", "a whole parquet file.", "delete it; it is made anew.") from error


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

        Waits while another process holds it. The lock is the operating system's: it ends with its process,
        however that ends.
        """
        folder = self.root / "locks"
        with writing_to(folder, INSTEAD):
            folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{key[:32]}.lock"):
            yield

    def save(self, key: str, predictions: pd.DataFrame, meta: dict) -> None:
        """Write one entry, whole or not at all, and its line in the index."""
        write_parquet(predictions, meta, self.path(key))
        self.note(key, meta)

    def note(self, key: str, meta: dict) -> None:
        """Write the line of the index that `store_index.list_store` shows of an entry or a start."""
        with suppress(OSError), open(self.root / "index.jsonl", "a", encoding="utf-8") as index:
            index.write(
                json.dumps(describe_entry(key, meta)) + "\n"
            )  # one short write: lines of several processes do not mix

    def load(self, key: str) -> tuple[pd.DataFrame, dict] | None:
        """Return predictions and meta data of one entry; None when it is absent or was damaged.

        A damaged entry leaves a warning in the log, and its fold is trained again.
        """
        path = self.path(key)
        if not path.is_file():
            return None
        try:
            return read_parquet(path)
        except MerlibError as error:
            log.warning("fold store: %s It is trained again.", error.found)
            return None

"""The clip table, in which every reader of recordings hands over its clips: one row per clip, frames read on demand.

Columns of a clip table: ``dataset subject clip label onset apex offset fps action_units n_frames source``.
`onset`, `apex` and `offset` count from 0 within the clip's frames; the numbers that the data set's own sheet uses are
``row.source.numbers``. `apex` is missing (``<NA>``) where the data set has none or its sheet is wrong. ``table.attrs``
holds what is true of the whole table: ``name``, ``edition``, ``synthetic``, and ``notes``, the repairs that were made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from merlib.errors import MerlibError

COLUMNS = (
    *("dataset", "subject", "clip", "label", "onset", "apex", "offset", "fps", "action_units", "n_frames", "source"),
)


class FrameSource(Protocol):
    """Where the frames of one clip come from: a small object that can be pickled and reads no frame until asked.

    Attributes
    ----------
    numbers : int64 array (T,)
        The frame numbers that the data set itself uses, increasing.
    identity : str
        Equal for equal frames, so caches use it as their key: a digest of the files' content, or the plan from which
        the synthetic twin draws the clip.
    """

    numbers: np.ndarray
    identity: str

    def read(self, index: int) -> np.ndarray:
        """Return frame `index` (0 to T - 1): uint8 (H, W, 3), RGB."""
        ...


def clip_table(
    rows: Iterable[Mapping[str, object]], name: str, edition: str, synthetic: bool, notes: Sequence[str] = ()
) -> pd.DataFrame:
    """Build a clip table and check what can be checked without reading a frame.

    Parameters
    ----------
    rows : iterable of mapping
        One per clip, with the keys `COLUMNS`; ``apex`` is None when there is none.
    name : str
        The data source, such as ``casme2``.
    edition : str
        Which edition of the annotation was read.
    synthetic : bool
        Whether the clips come from the synthetic twin.
    notes : sequence of str
        Repairs and substitutions that a reader of a result must know.

    Returns
    -------
    DataFrame
        `onset`, `offset`, `n_frames` int64, `apex` nullable Int64, `fps` float.

    Raises
    ------
    MerlibError
        When a clip occurs twice, or onset, apex and offset are not in this order within its frames.
    """
    table = pd.DataFrame(list(rows), columns=list(COLUMNS))
    table = table.astype({"onset": "int64", "offset": "int64", "n_frames": "int64", "fps": "float64"})
    table["apex"] = table["apex"].astype("Int64")
    table.attrs = {"name": name, "edition": edition, "synthetic": bool(synthetic), "notes": tuple(notes)}
    repeated = table[table.duplicated(["dataset", "subject", "clip"])]
    if len(repeated):
        raise MerlibError(f"{clip_key(repeated.iloc[0])} occurs twice.", "each clip once.", "remove the repeated row.")
    for row in table.itertuples():
        _check_order(row)
    return table


def _check_order(row) -> None:
    apex = row.onset if row.apex is pd.NA else row.apex
    if not 0 <= row.onset <= apex <= row.offset < row.n_frames:
        raise MerlibError(
            f"{clip_key(row)} has onset {row.onset}, apex {row.apex}, offset {row.offset} of {row.n_frames} frames.",
            "0 <= onset <= apex <= offset < number of frames.",
            "repair the row, or drop the clip.",
        )


def table_digest(table: pd.DataFrame) -> str:
    """Return a SHA-256 over all clips: names, labels, onset, apex, offset, frame rates, action units and frames.

    The frames count by their sources' ``identity``, so none is read.
    """
    sha = hashlib.sha256()
    for row in table.itertuples(index=False):
        identity = getattr(row.source, "identity", "")
        values = (row.label, row.onset, row.apex, row.offset, row.fps, row.action_units, identity)
        sha.update(f"{clip_key(row)}|{'|'.join(map(str, values))}\n".encode())
    return sha.hexdigest()


def clip_key(row) -> str:
    """Return ``dataset/subject/clip`` of a row: a named tuple, or a Series (whose ``.clip`` is a method of pandas)."""
    clip = row["clip"] if isinstance(row, pd.Series) else row.clip
    return f"{row.dataset}/{row.subject}/{clip}"


def frames(row, indices: Sequence[int] | None = None) -> np.ndarray:
    """Return frames of one clip.

    Parameters
    ----------
    row : named tuple or Series
        A row of a clip table; ``table.itertuples()`` gives named tuples.
    indices : sequence of int, optional
        Which frames, from 0; all of them by default.

    Returns
    -------
    uint8 array (T, H, W, 3)
        RGB; a grey recording has three equal channels.

    Raises
    ------
    MerlibError
        For an index outside the clip, or a frame that cannot be read or has another size than the first.
    """
    chosen = range(row.n_frames) if indices is None else list(indices)
    pictures = []
    for index in chosen:
        if not 0 <= index < row.n_frames:
            raise MerlibError(
                f"{clip_key(row)}: frame {index} asked for.",
                f"an index from 0 to {row.n_frames - 1}.",
                "count from the clip's first frame; the sheet's numbers are row.source.numbers.",
            )
        picture = row.source.read(int(index))
        if pictures and picture.shape != pictures[0].shape:
            raise MerlibError(
                f"{clip_key(row)}: frame {index} is {picture.shape[:2]}, the first {pictures[0].shape[:2]}.",
                "one size for all frames of a clip.",
                "restore the frame from the data set.",
            )
        pictures.append(picture)
    return np.stack(pictures) if pictures else np.empty((0, 0, 0, 3), np.uint8)

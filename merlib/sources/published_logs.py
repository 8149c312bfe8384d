"""Read predictions that other authors published into a table: data set, subject, clip, label, prediction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from merlib.errors import MerlibError
from merlib.sources.subjects import canonical_dataset, canonical_subject, subject_dataset

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("dataset", "subject", "clip", "label", "prediction")
LABELS = range(3)  # 0 negative, 1 positive, 2 surprise
Row = tuple[str, str, str, int, int]


def read_published_log(path: str | Path) -> pd.DataFrame:
    """Read one of the published logs; its first line shows which of two forms it has.

    STSTNet's first log and CapsuleNet's have a line ``database subject`` before lines ``clip truth prediction``.
    STSTNet's second log has lines ``Subject:``, ``Predicted   :`` and ``Ground Truth:`` with lists, and no clip names;
    its clips are numbered ``001``, ``002`` ... within each subject, so they cannot be joined with another table clip by
    clip. The running scores in it are ignored.

    Parameters
    ----------
    path : path
        A file that ``merlib data get published-logs`` fetched.

    Returns
    -------
    DataFrame
        One row per clip, in the order of the log: ``dataset`` and ``subject`` (both canonical), ``clip``, ``label`` and
        ``prediction`` (both int64: 0 negative, 1 positive, 2 surprise).

    Raises
    ------
    MerlibError
        For a file that is missing or empty, a clip that occurs twice, and a line that does not fit the form; the
        message gives its number.
    """
    import pandas as pd

    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MerlibError(
            f"{path} cannot be read: {error}.",
            "a published log, a text file.",
            "fetch the logs with `merlib data get published-logs`.",
        ) from error
    numbered = [(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]
    if not numbered:
        raise MerlibError(f"{path} is empty.", "a published log.", "fetch it again.")
    by_subject = numbered[0][1].startswith("Subject:")
    rows = list((_by_subject if by_subject else _by_clip)(path, numbered))
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"label": "int64", "prediction": "int64"})
    repeated = frame.duplicated(["dataset", "subject", "clip"])
    if repeated.any():
        first = frame[repeated].iloc[0]
        raise MerlibError(
            f"{path} lists {first['dataset']}/{first['subject']}/{first['clip']} twice.",
            "each clip once.",
            "remove the repeated line.",
        )
    return frame


def _by_clip(path: Path, lines: list[tuple[int, str]]) -> Iterator[Row]:
    dataset = subject = None
    for number, line in lines:
        words = line.split()
        if len(words) == 2:
            dataset = _told(path, number, canonical_dataset, words[0])
            subject = _told(path, number, canonical_subject, dataset, words[1])
        elif len(words) == 3 and subject is not None:
            yield dataset, subject, words[0], _label(path, number, words[1]), _label(path, number, words[2])
        else:
            raise _misplaced(path, number, line, "'database subject', then lines 'clip truth prediction'")


def _by_subject(path: Path, lines: list[tuple[int, str]]) -> Iterator[Row]:
    dataset = subject = predicted = None
    for number, line in lines:
        key, _, value = (part.strip() for part in line.partition(":"))
        if key == "Subject":
            dataset = _told(path, number, subject_dataset, value)
            subject = _told(path, number, canonical_subject, dataset, value)
            predicted = None
        elif key == "Predicted" and subject is not None:
            predicted = _labels(path, number, value)
        elif key == "Ground Truth" and predicted is not None:
            truth = _labels(path, number, value)
            if len(truth) != len(predicted):
                raise MerlibError(
                    f"{path} line {number}: {len(truth)} labels for {len(predicted)} predictions.",
                    "as many labels as predictions.",
                    "fetch the log again.",
                )
            for clip, (label, prediction) in enumerate(zip(truth, predicted, strict=True), start=1):
                yield dataset, subject, f"{clip:03d}", label, prediction
            predicted = None
        elif not re.match(r"(UF1|UAR|Final Evaluation)\b", key):
            raise _misplaced(path, number, line, "'Subject:', 'Predicted:' and 'Ground Truth:' in turn")


def _labels(path: Path, number: int, text: str) -> list[int]:
    if not re.fullmatch(r"\[[\d,\s]*\]", text):
        raise _misplaced(path, number, text, "a list such as [0, 2, 1]")
    return [_label(path, number, word) for word in re.findall(r"\d+", text)]


def _label(path: Path, number: int, word: str) -> int:
    if word not in {str(label) for label in LABELS}:
        raise MerlibError(
            f"{path} line {number}: label {word!r}.",
            "0 negative, 1 positive or 2 surprise.",
            "fetch the log again.",
        )
    return int(word)


def _told(path: Path, number: int, read, *words: str) -> str:
    """Return ``read(*words)``; an error is raised again with the file and line in front of it."""
    try:
        return read(*words)
    except MerlibError as error:
        raise MerlibError(f"{path} line {number}: {error.found}", error.expected, error.action) from error


def _misplaced(path: Path, number: int, line: str, expected: str) -> MerlibError:
    return MerlibError(f"{path} line {number}: {line[:60]!r}.", f"{expected}.", "fetch the log again.")

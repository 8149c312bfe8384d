"""The one spelling of every data set and person: canonical names and ids."""

from __future__ import annotations

import re
from numbers import Integral, Real

from merlib.errors import MerlibError, unknown_name

# Spellings that are read, spelling that is written, and highest number in the recordings (SAMM's go to 037, with gaps).
_FORMS: dict[str, tuple[str, str, int]] = {
    "casme2": (r"(?:sub)?0*(\d+)", "sub{:02d}", 26),
    "smic": (r"s?0*(\d+)", "s{:02d}", 20),
    "samm": (r"0*(\d+)", "{:03d}", 37),
}
DATASETS = tuple(_FORMS)
_SPELLINGS = {"casmeii": "casme2", "casme2": "casme2", "smic": "smic", "smichs": "smic", "samm": "samm"}


def canonical_dataset(raw: str) -> str:
    """Return ``casme2``, ``smic`` or ``samm`` for any usual spelling, such as ``CASME II`` or ``SMIC-HS``.

    Raises
    ------
    MerlibError
        For a name that is none of the three; the message lists them.
    """
    key = re.sub(r"[\s_-]", "", str(raw)).lower()
    if key not in _SPELLINGS:
        raise unknown_name("data set", raw, DATASETS)
    return _SPELLINGS[key]


def canonical_subject(dataset: str, raw: object) -> str:
    """Return the id under which a person is known everywhere in merlib.

    Sources spell ids differently: for SAMM the organisers' list of MEGC2019 writes ``6`` and the maps ``006``; for
    CASME II the sheet writes ``1`` and the folders ``sub01``; SMIC writes ``s1`` or ``s01``. Joining tables on the ids
    as written would lose 133 of the 442 clips.

    Parameters
    ----------
    dataset : str
        Any spelling that `canonical_dataset` reads.
    raw : str or int
        The id as found: ``1``, ``"01"``, ``"sub01"``, ``"s1"``, ``6``, ``"006"``, or ``6.0`` as pandas reads
        a column with gaps.

    Returns
    -------
    str
        ``sub01`` (CASME II), ``s01`` (SMIC) or ``006`` (SAMM).

    Raises
    ------
    MerlibError
        When `raw` does not have the form of that data set's subjects, or its number is out of range.
    """
    dataset = canonical_dataset(dataset)
    pattern, form, highest = _FORMS[dataset]
    if isinstance(raw, Real) and not isinstance(raw, (bool, Integral)) and float(raw).is_integer():
        raw = int(raw)
    match = None if isinstance(raw, bool) else re.fullmatch(pattern, str(raw).strip(), flags=re.IGNORECASE)
    number = int(match.group(1)) if match else 0
    if not 1 <= number <= highest:
        raise MerlibError(
            f"{dataset}: subject {raw!r}.",
            f"an id such as {form.format(1)}, with a number from 1 to {highest}.",
            "correct the subject column, or the name of the data set it is read with.",
        )
    return form.format(number)


def subject_dataset(raw: str) -> str:
    """Return the data set to which a subject's spelling belongs: ``sub01``, ``s01``, or digits alone for SAMM.

    CASME II's sheet writes digits alone, too. Use this only for lists in which CASME II's subjects have their prefix,
    as in the published prediction logs.

    Raises
    ------
    MerlibError
        When the spelling is none of these.
    """
    for dataset, pattern in (("casme2", r"sub\d+"), ("smic", r"s\d+"), ("samm", r"\d+")):
        if re.fullmatch(pattern, str(raw).strip(), flags=re.IGNORECASE):
            return dataset
    raise MerlibError(
        f"subject {raw!r}, whose data set cannot be told.",
        "sub01 (CASME II), s01 (SMIC) or 006 (SAMM).",
        "correct the subject in the list that was read.",
    )

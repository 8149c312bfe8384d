"""Titles of results beyond the papers' artefacts, for readers: an id says where a file lies, not what it shows."""

from __future__ import annotations

import re
from functools import lru_cache

import pandas as pd

from merlib.places import manifests_dir

EXTRA = "extra."  # results beyond the papers' artefacts carry this prefix
# How names are spelled that an id writes without capitals, for results that have no title of their own.
SPELLED = {
    r"am3f( flownet)?": "AM3F-FlowNet",
    r"dual atme": "Dual-ATME",
    r"astnet": "ASTNet",
    r"larnet": "LARNet",
    r"uamrn": "UAMRN",
    r"smic": "SMIC",
    r"table(?=\d)": "Table ",
    r"figure(?=\d)": "Figure ",
}


@lru_cache(maxsize=1)
def extra_titles() -> dict[str, str]:
    """Return the titles in ``data_manifests/extras.csv`` by id."""
    return pd.read_csv(manifests_dir() / "extras.csv", dtype=str).set_index("id")["title"].to_dict()


def extra_title(identifier: str) -> str:
    """Return the title of a result beyond the papers; one that is not listed is titled by the words of its id."""
    if identifier in extra_titles():
        return extra_titles()[identifier]
    words = identifier.removeprefix(EXTRA).replace("_", " ")
    for written, spelled in SPELLED.items():
        words = re.sub(rf"\b{written}(?![a-z])", spelled, words)
    return words[:1].upper() + words[1:]

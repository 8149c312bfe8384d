"""Group the fine classes of a data set into coarser ones, such as the three of MEGC2019."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from merlib.errors import MerlibError

MEGC2019: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "casme2": {"negative": ("disgust", "repression"), "positive": ("happiness",), "surprise": ("surprise",)},
        "samm": {
            "negative": ("anger", "contempt", "disgust", "fear", "sadness"),
            "positive": ("happiness",),
            "surprise": ("surprise",),
        },
        "smic": {"negative": ("negative",), "positive": ("positive",), "surprise": ("surprise",)},
    }
)
"""The challenge's three classes in each data set's own words (See et al., FG 2019); its list names the clips."""

Classes = Sequence[str] | Mapping[str, Sequence[str]]


def choose_classes(table: pd.DataFrame, classes: Classes) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return which class each label of a clip table becomes, and the classes in their order.

    Parameters
    ----------
    table : DataFrame
        A clip table.
    classes : sequence of str, or mapping of str to sequence of str
        Labels of the table, each a class of its own; or for each class the labels that it joins, such as
        ``MEGC2019["casme2"]``.

    Returns
    -------
    becomes : dict of str to str
        The class of each chosen label. Clips with other labels belong to no class (see `dropped_labels`).
    names : tuple of str
        The classes in the order given; a class's place in it is its number.

    Raises
    ------
    MerlibError
        For a class given twice, a label given to two classes, and a class without a clip in the table.
    """
    given: Iterable[tuple[str, Sequence[str]]] = (
        classes.items() if isinstance(classes, Mapping) else ((name, (name,)) for name in classes)
    )
    becomes: dict[str, str] = {}
    names = []
    for name, labels in given:
        if name in names:
            found = f"the class {name} asked for twice: {', '.join(classes)}."
            raise MerlibError(found, "each class once, since its place is its number.", f"name {name} once.")
        names.append(name)
        for label in (labels,) if isinstance(labels, str) else labels:
            if becomes.setdefault(label, name) != name:
                found = f"label {label} in the classes {becomes[label]} and {name}."
                raise MerlibError(found, "each label in one class.", "take it out of one of the two.")
    present = set(table.attrs.get("labels", ())) | set(table["label"])
    empty = [name for name in names if not present & {label for label, owner in becomes.items() if owner == name}]
    if empty:
        raise MerlibError(
            f"{table.attrs.get('name')}: no clip of class {', '.join(empty)}.",
            f"classes made of the table's labels: {', '.join(sorted(present))}.",
            'say which labels make a class, such as classes={"negative": ["disgust", "repression"], ...}; MEGC2019\'s '
            "are merlib.clips.classes.MEGC2019.",
        )
    return becomes, tuple(names)


def dropped_labels(table: pd.DataFrame, becomes: Mapping[str, str]) -> str:
    """Return a sentence that counts the clips whose label belongs to no class, or an empty string if there is none."""
    counts = table.loc[~table["label"].isin(becomes), "label"].value_counts().sort_index()
    told = ", ".join(f"{label} {n}" for label, n in counts.items())
    return f"{counts.sum()} of {len(table)} clips are of no class asked for ({told})" if told else ""

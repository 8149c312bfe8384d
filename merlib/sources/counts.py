"""How many clips each subject contributes to each class, as counted from the official annotation sheets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from merlib.errors import unknown_name
from merlib.places import manifests_dir

if TYPE_CHECKING:
    import pandas as pd

# The five-class subsets that AM3F (Sec. 4.1), ASTNet and UAMRN evaluate: the full sheet without its rare classes.
FIVE_CLASSES: dict[str, tuple[str, ...]] = {
    "casme2": ("disgust", "happiness", "others", "repression", "surprise"),
    "samm": ("anger", "contempt", "happiness", "other", "surprise"),
}
DEFAULT_SCHEMES: dict[str, str] = {
    "casme2": "emotion5",
    "samm": "emotion5",
    "smic": "polarity3",
    "megc2019_cd": "polarity3",
}
# Both public archives of maps cover exactly the clips of the composite data set.
SAME_CLIPS_AS = {"megc2019_flow": "megc2019_cd", "megc2019_phases": "megc2019_cd"}


def _all_counts() -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(manifests_dir() / "counts.csv", dtype={"subject": str})


def counted_schemes(dataset: str) -> list[str]:
    """Return the class schemes that are counted for `dataset`, such as ``['emotion5', 'emotion7']``."""
    dataset = _counted_name(dataset)
    counts = _all_counts()
    schemes = set(counts.loc[counts["dataset"] == dataset, "scheme"])
    return sorted(schemes | ({"emotion5"} if dataset in FIVE_CLASSES else set()))


def subject_counts(dataset: str, scheme: str | None = None) -> pd.DataFrame:
    """Return the number of clips of each subject and class.

    Parameters
    ----------
    dataset : str
        ``casme2``, ``samm``, ``smic``, ``megc2019_cd``, ``megc2019_flow`` or ``megc2019_phases``; hyphens are read as
        underscores.
    scheme : str, optional
        ``emotion7`` (CASME II), ``emotion8`` (SAMM), ``polarity3`` (SMIC, MEGC2019-CD), or ``emotion5``, the
        five-class subset of CASME II (246 clips) or SAMM (136) that the papers evaluate. By default
        ``emotion5`` where it exists, else ``polarity3``.

    Returns
    -------
    DataFrame
        Columns ``subject`` (canonical id; for the composite ``dataset/id`` such as ``samm/006``), ``class`` and ``n``,
        sorted by subject and class. Combinations without a clip are absent, and so are subjects none of whose clips
        belongs to the scheme (SAMM ``024`` and ``036`` in ``emotion5``).

    Raises
    ------
    MerlibError
        For an unknown data set or scheme; the message lists the valid ones.
    """
    dataset = _counted_name(dataset)
    scheme = scheme or DEFAULT_SCHEMES[dataset]
    valid = counted_schemes(dataset)
    if scheme not in valid:
        raise unknown_name(f"class scheme of {dataset}", scheme, valid)
    counts = _all_counts()
    counts = counts[counts["dataset"] == dataset]
    if scheme == "emotion5":
        counts = counts[counts["class"].isin(FIVE_CLASSES[dataset])]
    else:
        counts = counts[counts["scheme"] == scheme]
    return counts[["subject", "class", "n"]].sort_values(["subject", "class"], ignore_index=True)


def _counted_name(dataset: str) -> str:
    name = str(dataset).replace("-", "_")
    name = SAME_CLIPS_AS.get(name, name)
    if name not in DEFAULT_SCHEMES:
        raise unknown_name("data set", dataset, [*DEFAULT_SCHEMES, *SAME_CLIPS_AS])
    return name

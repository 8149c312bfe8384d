"""The tables of the data audit: counts from the manifests beside the counts the papers print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from merlib.clips.samples import Samples
from merlib.sources.counts import subject_counts
from merlib.sources.manifests import available_manifests, load_manifest
from merlib.sources.reported import reported_values

ASTNET_COPIES = 20  # Sec. 4.1: the augmented set is twenty times the original
RARE = 10  # Sec. 4.1: CASME II's emotions with fewer clips are left out
SETS = ("samm", "smic", "casme2")


def doors_table() -> pd.DataFrame:
    """Return a row for each data source: what it is, access, clips, subjects and licence, from the manifests."""
    rows = []
    for name in available_manifests():
        manifest = load_manifest(name)
        rows.append(
            {
                "source": name.replace("_", "-"),  # as `data` and `merlib data` call it
                "what": manifest.kind,
                "access": manifest.access,
                "clips": manifest.clips,
                "subjects": manifest.subjects,
                "licence": manifest.licence.name,
            }
        )
    return pd.DataFrame(rows).set_index("source")


def composite_counts() -> pd.DataFrame:
    """Return subjects, clips and classes of MEGC2019-CD by data set, from the organisers' counts."""
    counts = subject_counts("megc2019_cd")
    counts["set"] = counts["subject"].str.split("/").str[0]
    table = counts.pivot_table(index="set", columns="class", values="n", aggfunc="sum")
    table["samples"] = table.sum(axis=1)
    table["subjects"] = counts.groupby("set")["subject"].nunique()
    table = table.loc[list(SETS)]
    table.loc["full"] = table.sum()
    table.columns.name = None
    return table.astype(int)


def am3f_table1() -> pd.DataFrame:
    """Return AM3F Table 1: subjects, samples and classes (rows) of SAMM, SMIC, CASME II and the composite."""
    table = composite_counts().T.loc[["subjects", "samples", "positive", "negative", "surprise"]]
    table.index.name, table.columns.name = None, None
    return table


def dual_atme_table2() -> pd.DataFrame:
    """Return Dual-ATME Table 2: classes and total (columns) of each data set (rows)."""
    table = composite_counts().rename(columns={"samples": "total"})
    table = table.loc[["smic", "casme2", "samm", "full"], ["negative", "positive", "surprise", "total"]]
    table.index.name = None
    return table


def agrees_with_manifest(samples: Samples) -> bool:
    """Return whether loaded samples have the official number of clips of each subject and class."""
    official = subject_counts("megc2019_cd").set_index(["subject", "class"])["n"].sort_index()
    loaded = pd.DataFrame({"subject": samples.groups, "class": np.array(samples.classes)[samples.labels]})
    return loaded.value_counts().sort_index().to_dict() == official.to_dict()


def astnet_table2() -> pd.DataFrame:
    """Return the countable rows of ASTNet Table 2: samples, subjects, frame rate and emotion classes."""
    rows = {}
    for name in ("smic", "casme2"):
        manifest = load_manifest(name)
        scheme = "polarity3" if name == "smic" else "emotion7"
        rows[name] = {
            "Samples": manifest.clips,
            "Subjects": manifest.subjects,
            "FPS": manifest.frame_rate,
            "Emotion Classes": len(manifest.classes[scheme]),
        }
    return pd.DataFrame(rows)


def astnet_table3() -> pd.DataFrame:
    """Return ASTNet Table 3: clips by emotion, and after twenty-fold augmentation, for SMIC and CASME II."""
    columns = {}
    for name, scheme in (("smic", "polarity3"), ("casme2", "emotion7")):
        counts = subject_counts(name, scheme).groupby("class")["n"].sum()
        counts.index = counts.index.str.capitalize()
        processed = counts[counts >= RARE] * ASTNET_COPIES
        columns[f"{name}.samples"] = pd.concat([counts, pd.Series({"Total Size": counts.sum()})])
        columns[f"{name}.processed"] = pd.concat([processed, pd.Series({"Total Size": processed.sum()})])
    table = pd.DataFrame(columns)
    return table.reindex([*table.index.drop("Total Size"), "Total Size"]).astype("Int64").astype(object)


def accuracies_of(*artefacts: str) -> list[float]:
    """Return the accuracies in percent that the given tables print."""
    values: list[float] = []
    for artefact in artefacts:
        reported = reported_values(artefact)
        values += reported.loc[reported["column"].str.endswith(".acc"), "value"].tolist()
    return values


def possible_sizes(percentages: Sequence[float], sizes: Iterable[int]) -> pd.DataFrame:
    """Count, for each number of clips N, how many printed percentages equal k / N for a whole k (GRIM).

    Parameters
    ----------
    percentages : sequence of float
        Accuracies in percent as printed, to two decimals; repeated values count once.
    sizes : iterable of int
        The N to try.

    Returns
    -------
    DataFrame
        Columns ``N`` and ``explained``; the number that explains most comes first.
    """
    printed = np.array(sorted(set(percentages)))
    rows = []
    for size in sizes:
        nearest = np.round(printed / 100 * size) / size * 100
        rows.append({"N": size, "explained": int((np.abs(np.round(nearest, 2) - printed) < 1e-6).sum())})
    return pd.DataFrame(rows).sort_values(["explained", "N"], ascending=[False, True], ignore_index=True)

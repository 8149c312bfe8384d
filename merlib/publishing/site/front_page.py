"""The book's front page: on one screen, what was reproduced, on which data, how far off, and why; made from records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from merlib.publishing.planned.headline import headline_by_archive, markdown
from merlib.publishing.records.ledger import PAPERS, artefacts, best_records, get_artefact, status_of
from merlib.publishing.verify.verdicts import trained_on_real, verdict_table
from merlib.sources.errata import read_errata
from merlib.sources.manifests import load_manifest

if TYPE_CHECKING:
    from merlib.sources.manifests import DatasetManifest

GRADE_WORDS = {
    "real exact": "measured as in the paper",
    "real analogue": "on public maps in place of the paper's own",
    "twin": "on the SYNTHETIC twin",
    "diagram": "drawn from the built network",
}
ARCHIVES = ("megc2019_flow", "megc2019_phases")
CONTENTS = """
```{toctree}
:hidden:
:caption: Notebooks
:glob:

notebooks/*
```

```{toctree}
:hidden:
:caption: Results

claims
records/index
docs/benchmarks
```

```{toctree}
:hidden:
:caption: Look up

docs/lessons
docs/glossary
docs/errata
api/index
```

```{toctree}
:hidden:
:caption: Use it

README
docs/licensee
docs/settings
docs/elsewhere
docs/cluster
docs/house
CONTRIBUTING
```
"""


def front_page(records: Iterable[dict]) -> str:
    """Return the page as Markdown from committed records; every number in it is counted or read from them.

    Parameters
    ----------
    records : iterable of dict
        The committed records; see `ledger.read_records`.
    """
    records = list(records)
    best = best_records(records)
    return f"""# Five papers on micro-expression recognition, reproduced

**What was reproduced?** {what_was_made(best)} [The ledger](records/index.md) lists each.

**On which data?** {on_which_data()}

**How far off?** {how_far_off(records)}

{headline(best)}
**Why?** {why()}

Begin with [the first notebook](notebooks/00_start_here.ipynb), [what each notebook teaches](docs/lessons.md), the
[two commands](README.md) that make everything again, or the [words](docs/glossary.md).
{CONTENTS}"""


def what_was_made(best: Mapping[str, dict]) -> str:
    """Return a sentence on how many of the papers' tables, figures and diagrams exist, by grade."""
    grades = status_of(dict(best))["grade"].value_counts()
    made = [f"{grades[grade]} {words}" for grade, words in GRADE_WORDS.items() if grade in grades]
    total = len(artefacts())
    done = total - grades.get("missing", 0)
    return f"{done} of {total} tables, figures and diagrams: {', '.join(made)}; {total - done} are missing."


def on_which_data() -> str:
    """Return sentences on the real data that was used, with its counts, and on what replaces licensed data."""
    manifests = [load_manifest(name) for name in ARCHIVES]
    counts = {f"{one.clips} clips of {one.subjects} people" for one in manifests}
    names = " and ".join(_archive(one) for one in manifests)
    return (
        f"Optical-flow maps of {', '.join(sorted(counts))} in three classes, from {names}. The recordings are "
        "licensed: what needs faces runs on a SYNTHETIC twin, which proves the pipeline and says nothing about a claim."
    )


def how_far_off(records: Iterable[dict]) -> str:
    """Return sentences on how many of the comparable printed numbers of networks lie in our intervals."""
    claims = verdict_table(records)
    earned = claims if claims.empty else trained_on_real(claims)
    if earned.empty:
        return "No record of a network trained on real data is committed."
    verdicts = earned["verdict"].str.removeprefix("analogue: ")
    other = verdicts.str.startswith("not comparable")
    inside = verdicts[~other].isin(["identical", "within interval"])
    papers = earned["artefact"].map(lambda artefact: PAPERS[get_artefact(artefact).paper])
    parts = inside.groupby(papers, sort=False).agg(["sum", "size"])
    told = "; ".join(f"{paper}: {one['sum']} of {one['size']}" for paper, one in parts.iterrows())
    return (
        f"Of the printed results of the same classes, these lie in our 95 % interval over people: {told}. "
        f"{int(other.sum())} more are of other classes ([all claims](claims.md)). Intervals over so few people are "
        "wide, so a value inside is not contradicted, and not confirmed. The headline rows:"
    )


def headline(best: Mapping[str, dict]) -> str:
    """Return the papers' headline numbers, printed and ours on each archive, as a Markdown table."""
    if "extra.same_folds" not in best:
        return ""
    long = headline_by_archive(best["extra.same_folds"])
    long["said"] = long["ours"] + long["verdict"].map(lambda verdict: _short(verdict))
    keys = ["paper", "number", "printed"]
    wide = long.pivot_table(index=keys, columns="archive", values="said", aggfunc="first").reset_index()
    wide = wide.rename(columns={name: f"ours, {name}" for name in long["archive"].unique()})
    order = long.drop_duplicates(keys)[keys]
    return markdown(order.merge(pd.DataFrame(wide), on=keys)) + "\n"


def why() -> str:
    """Return sentences on why printed and regenerated numbers differ, with the number of errata."""
    errata = read_errata()
    certain = sum(erratum.status == "certain" for erratum in errata)
    return (
        "Three reasons are known, and none is proved to be the cause. The maps are not the papers' own. No setting of "
        "the networks was chosen here by looking at test results, while the papers chose settings such as epochs or "
        f"the loss by them (DUAL-ATME-C17). And of the {len(errata)} places of the papers in the "
        f"[errata](docs/errata.md), {certain} are certain and {len(errata) - certain} open."
    )


def _archive(manifest: DatasetManifest) -> str:
    return f"[{manifest.name.replace('_', '-')}]({manifest.licence.page})"


def _short(verdict: str) -> str:
    return f", {verdict.split()[0]}" if verdict.endswith("interval") else ""

"""The training hours on the page for licensees, read from the committed predictions."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from merlib.learning.experiment import Experiment
from merlib.learning.store.references import every_reference
from merlib.places import repository_root
from merlib.profiles import get_profile
from merlib.publishing.planned.headline import markdown
from merlib.publishing.records.ledger import PAPERS, protocol_words

BEGIN, END = "<!-- hours: begin -->", "<!-- hours: end -->"
FOLDERS = ("megc2019_flow", "casme2_twin", "smic_twin")


def hours_table() -> pd.DataFrame:
    """Return one row for each network and data: folds, epochs, hours and processor of its slowest `teach` training."""
    rows: dict[tuple[str, str], dict] = {}
    protocol = get_profile("teach").protocol
    for folder in FOLDERS:
        for frame in every_reference(folder):
            attrs = frame.attrs
            experiment = Experiment.from_dict(attrs["experiment"])
            if experiment.model not in PAPERS or experiment.protocol != protocol or experiment.start:
                continue
            if experiment.recipe.epochs > get_profile("teach").max_epochs:
                continue
            hours, key = attrs["train_seconds"] / 3600, (experiment.model, folder)
            if key in rows and rows[key]["seconds"] >= hours:
                continue
            data = f"SYNTHETIC twin of {attrs['data']}" if attrs["synthetic"] else attrs["data"]
            rows[key] = {
                "network": PAPERS[experiment.model],
                "clips": f"{frame[['dataset', 'subject', 'clip']].drop_duplicates().shape[0]} rows of {data}",
                "protocol": f"{protocol_words(protocol)}, {experiment.recipe.epochs} epochs",
                "hours": f"{hours:.2f}",
                "processor": attrs["processor"],
                "seconds": hours,
            }
    order = sorted(rows.items(), key=lambda pair: (list(PAPERS).index(pair[0][0]), FOLDERS.index(pair[0][1])))
    return pd.DataFrame([{name: value for name, value in row.items() if name != "seconds"} for _, row in order])


def fill_licensee(text: str) -> str:
    """Return the page `text` with a new table of hours between its markers."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{markdown(hours_table())}\n{END}{after}"


def write_licensee(path: Path | None = None) -> Path:
    """Write the hours into ``docs/licensee.md`` and return its path."""
    path = path or repository_root() / "docs" / "licensee.md"
    path.write_text(fill_licensee(path.read_text(encoding="utf-8")), encoding="utf-8")
    return path

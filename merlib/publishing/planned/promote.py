"""Make a finished run the committed reference: its records and tables are copied beside the predictions.

``merlib maintain promote RUN`` copies the artefacts of ``results/runs/RUN`` into
``results/reference/<data>/<profile>/artefacts/``, where names of several data sources are joined by ``and``.
``merlib maintain promote RUN diagram`` copies only those of grade ``diagram``, which depend on no data. Predictions are
written there by the run itself when MERLIB_SAVE_REFERENCES is set.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from merlib.errors import MerlibError
from merlib.publishing.records.record import write_whole

KEPT = (".json", ".csv", ".md", ".png")


def folder_of(source: dict) -> str:
    """Return the folder a data source's artefacts lie in: its name in letters, digits and underscores."""
    name = re.sub(r"[^a-z0-9]+", "_", source["name"].lower()).strip("_")
    return f"{name}_twin" if source["synthetic"] else name


def promote_run(run: Path, reference: Path, grade: str | None = None) -> list[Path]:
    """Copy the artefacts of a finished run below `reference` and return their new paths.

    Parameters
    ----------
    run : Path
        A run folder with ``run.json``; all its notebooks must have finished without an error.
    reference : Path
        ``results/reference``.
    grade : str, optional
        Copy artefacts of this grade only.

    Raises
    ------
    MerlibError
        When the run is absent or unfinished; nothing is copied then.
    """
    if not (run / "run.json").is_file():
        raise MerlibError(f"no run in {run.name}.", "a folder with run.json.", "name a run of results/runs.")
    state = json.loads((run / "run.json").read_text(encoding="utf-8"))
    unfinished = [name for name, notebook in state["notebooks"].items() if notebook["state"] != "done"]
    if unfinished:
        raise MerlibError(
            f"{run.name}: {', '.join(unfinished)} not done.",
            "a run whose notebooks all ended well.",
            "continue it: merlib run --resume",
        )
    copied = []
    for path in sorted((run / "artefacts").iterdir()):
        if path.suffix not in KEPT:
            continue
        record = json.loads((run / "artefacts" / f"{path.stem}.json").read_text(encoding="utf-8"))
        if grade and record["grade"] != grade:
            continue
        sources = {name for source in record["data"] for name in folder_of(source).split("_and_")}
        folder = "_and_".join(sorted(sources)) or "no_data"
        target = reference / folder / (record["profile"] or "any") / "artefacts" / path.name
        write_whole(target, path.read_bytes())
        copied.append(target)
    return copied

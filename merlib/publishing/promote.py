"""Make a finished run the committed reference: its records and tables move beside the predictions.

``python -m merlib.publishing.promote RUN`` copies the artefacts of ``results/runs/RUN`` into
``results/reference/<data>/<profile>/artefacts/``. Predictions are written there by the run itself when
MERLIB_SAVE_REFERENCES is set.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from merlib.errors import MerlibError
from merlib.publishing.records import write_atomically
from merlib.sources.places import repository_root

KEPT = (".json", ".csv", ".md", ".png")


def promote_run(run: Path, reference: Path) -> list[Path]:
    """Copy the artefacts of a finished run below `reference` and return their new paths.

    Parameters
    ----------
    run : Path
        A run folder with ``run.json``; every notebook of it must have ended well.
    reference : Path
        ``results/reference``.

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
        sources = {f"{d['name'].replace('-', '_')}{'_twin' if d['synthetic'] else ''}" for d in record["data"]}
        folder = sources.pop() if len(sources) == 1 else "no_data"
        target = reference / folder / (record["profile"] or "any") / "artefacts" / path.name
        write_atomically(target, path.read_bytes())
        copied.append(target)
    return copied


if __name__ == "__main__":
    results = repository_root() / "results"
    for new in promote_run(results / "runs" / sys.argv[1], results / "reference"):
        print(new.relative_to(repository_root()))

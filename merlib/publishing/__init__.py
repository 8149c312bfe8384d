"""Everything that is shown to readers: the artefact ledger, tables and figures with their records, and diagrams.

The public names are imported when first used, so that the command line starts without torch and matplotlib.
"""

from __future__ import annotations

from importlib import import_module

_HOMES = {
    "Study": "study",
    "open_study": "study",
    "save_figure": "records.save_figure",
    "save_table": "records.save_table",
}
__all__ = ["Study", "open_study", "save_figure", "save_table"]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

"""Names of the leakage laboratory's runs, and the check by which everything that reads honest results refuses them.

Predictions of `merlib.learning.leaky` have the name ``leaky:NAME`` where an honest run names its protocol, and lie in a
folder called ``leaky``. They show by how much a liberty raises a result and are no results themselves, so references,
ledger and claims refuse them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from merlib.errors import MerlibError

PREFIX = "leaky:"
FOLDER = "leaky"


def leaky_name(provenance: Mapping) -> str:
    """Return the liberty that a set of predictions or an entry of a record was made with; empty for an honest one.

    Parameters
    ----------
    provenance : mapping
        With ``experiment``, whose protocol is read; a mapping without that key is taken for the experiment itself.
    """
    experiment = provenance.get("experiment", provenance)
    protocol = experiment.get("protocol", "") if isinstance(experiment, Mapping) else ""
    return protocol if str(protocol).startswith(PREFIX) else ""


def refuse_leaky(provenance: Mapping, reader: str, path: PurePath | str = "") -> None:
    """Raise when predictions come from the leakage laboratory, judged by their provenance and by their folder.

    Parameters
    ----------
    provenance : mapping
        As `leaky_name` takes it; empty when only the place is known.
    reader : str
        Who reads honest results alone, such as ``the ledger``.
    path : path, optional
        The file that was read.

    Raises
    ------
    MerlibError
        When they do; the message names the liberty and the file.
    """
    name = leaky_name(provenance)
    placed = FOLDER in PurePath(path).parts
    if name or placed:
        told = " of ".join(filter(None, (f"predictions {name!r}" if name else "predictions", str(path))))
        raise MerlibError(
            f"{told}: the leakage laboratory's, given to {reader}.",
            "results of an honest protocol.",
            "leave them in results/leaky; notebook 14_protocol_audit shows them.",
        )

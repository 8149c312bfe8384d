"""Read flow maps of your own that lie in a layout of the first public archive."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from merlib.clips.samples import Samples
from merlib.datasets.archive.reader import read_flow_archive


def read_own_maps(folder: str | Path) -> Samples:
    """Read maps of your own that lie in a published layout of ``megc2019-flow``, without comparing them with it.

    Parameters
    ----------
    folder : path
        As for `read_flow_archive`; each map 28 x 28, red u, green v, blue strain, each channel stretched to 0..255.

    Returns
    -------
    Samples
        As `read_flow_archive` returns, but named after the folder, with a note that nothing was compared.

    Raises
    ------
    MerlibError
        As `read_flow_archive` with ``verify=False``, and when another channel than the third looks like strain.
    """
    return replace(read_flow_archive(folder, verify=False), name=Path(folder).name)

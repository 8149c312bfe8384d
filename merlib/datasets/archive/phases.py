"""The second public archive: maps of the same clips in two phases, onset to apex and apex to offset."""

from __future__ import annotations

from pathlib import Path

from merlib.clips.samples import Samples
from merlib.datasets.archive.archives import PHASES
from merlib.datasets.archive.reader import read_public_archive


def read_phase_archive(folder: str | Path, verify: bool = True) -> Samples:
    """Read the maps of MEGC2019 that were published with CausalNet.

    Parameters
    ----------
    folder : path
        Holds ``combined_3_class2_for_optical_flow.csv`` and below ``datasets/STSNet_whole_norm_u_v_os`` two maps per
        clip: ``<subject>_<clip> .png`` (onset to apex) and ``<subject>_<clip>_1 .png`` (apex to offset). The maps
        of directions beside them (``_2``, ``_3``) are not read, since they follow from u and v.
    verify : bool
        Compare each map with ``data_manifests/megc2019_phases/files.csv``, by its bytes or, in another PNG
        encoding, by its pixels; and the labels with the organisers' list. Turn it off for maps you computed
        yourself; the samples then carry a note.

    Returns
    -------
    Samples
        ``flow`` float32 (442, 3, 28, 28), onset to apex, channels u, v, strain; ``phases`` float32
        (442, 2, 3, 28, 28), onset to apex and then apex to offset. Unit ``minmax255``: each channel was stretched to
        0..255 by its own minimum and maximum *before* the map was reduced, so its own range is narrower. Rows,
        labels and classes are those of the first archive.

    Raises
    ------
    MerlibError
        For a missing folder, a map that is missing, truncated, of another size or with other pixels, a label outside
        0..2 or other than the organisers', a list without a column.
    """
    return read_public_archive(folder, PHASES, verify)

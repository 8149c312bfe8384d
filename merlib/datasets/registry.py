"""The doors data comes in by: what the user named with ``--data NAME=DIR``, or the synthetic twin.

A source is read as `Samples` (`READERS`: the flow maps, and what `register_reader` adds) or as a clip table
(`CLIP_READERS`: recorded clips). Registering a reader for a clip source makes `open_samples` read it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from merlib.clips.samples import Samples
from merlib.errors import MerlibError, unknown_name

if TYPE_CHECKING:
    import pandas as pd

COMPOSITE = "megc2019-cd"
TWINS = {COMPOSITE: "megc2019"}  # where the rendered twin has another name


def _flow_archive(folder: Path) -> Samples:
    from merlib.datasets.archive.reader import read_flow_archive

    return read_flow_archive(folder)


def _phase_archive(folder: Path) -> Samples:
    from merlib.datasets.archive.phases import read_phase_archive

    return read_phase_archive(folder)


def _casme2(folder: Path) -> pd.DataFrame:
    from merlib.datasets.official.readers import read_casme2

    return read_casme2(folder)


def _samm(folder: Path) -> pd.DataFrame:
    from merlib.datasets.official.readers import read_samm

    return read_samm(folder)


def _smic(folder: Path) -> pd.DataFrame:
    from merlib.datasets.official.readers import read_smic

    return read_smic(folder)


def _composite(folder: Path) -> pd.DataFrame:
    from merlib.datasets.official.composite import read_composite_folder

    return read_composite_folder(folder)


READERS: dict[str, Callable[[Path], Samples]] = {
    "megc2019-flow": _flow_archive,
    "megc2019-phases": _phase_archive,
}
CLIP_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "casme2": _casme2,
    "samm": _samm,
    "smic": _smic,
    COMPOSITE: _composite,
}


def register_reader(name: str, reader: Callable[[Path], Samples]) -> None:
    """Add a data source of your own: `reader` turns the folder given by ``--data NAME=DIR`` into `Samples`."""
    READERS[name] = reader


def register_clip_reader(name: str, reader: Callable[[Path], pd.DataFrame]) -> None:
    """Add recorded clips of your own: `reader` turns the folder given by ``--data NAME=DIR`` into a clip table."""
    CLIP_READERS[name] = reader


def known_sources() -> list[str]:
    """Return the names that ``--data NAME=DIR`` takes."""
    return list(dict.fromkeys([*READERS, *CLIP_READERS]))


def parse_data(pairs: Iterable[str]) -> dict[str, Path]:
    """Read ``NAME=DIR`` pairs into a mapping.

    Raises
    ------
    MerlibError
        When a pair has no ``=``, a name is unknown or given twice, or a folder does not exist.
    """
    found: dict[str, Path] = {}
    for pair in pairs:
        name, equals, folder = pair.partition("=")
        if not equals or not folder:
            raise MerlibError(f"data source {pair!r}.", "NAME=DIR.", f"for example {known_sources()[0]}=FOLDER.")
        if name not in known_sources():
            raise unknown_name("data source", name, known_sources())
        if name in found:
            raise MerlibError(f"data source {name} given twice.", "each source once.", "drop one of them.")
        found[name] = Path(folder).expanduser()
        if not found[name].is_dir():
            made = {COMPOSITE: "", **dict.fromkeys(READERS, f", or: merlib data get {name}")}
            advice = f"correct the path{made.get(name, f', or: merlib data export {name} {folder}')}"
            raise MerlibError(f"{name}: no folder {folder}.", "an existing folder.", advice)
    return found


def open_samples(name: str, data: Mapping[str, Path]) -> Samples:
    """Return the samples of `name` from the folder the user named, or from the synthetic twin.

    Parameters
    ----------
    name : str
        ``megc2019-flow`` or ``megc2019-phases`` (3 classes, 68 subjects), ``casme2`` (5), ``samm`` (5) or ``smic`` (3).
    data : mapping of str to path
        What `parse_data` returned.

    Raises
    ------
    MerlibError
        For recorded clips, which are no samples before features were computed from their frames.
    """
    if name in data:
        if name not in READERS:
            raise MerlibError(
                f"{name} in {data[name]} holds clips, not samples.",
                f"a source of samples: {', '.join(READERS)}.",
                f"open_clips({name!r}, data) reads the clips; features are computed from them by merlib.motion.",
            )
        return READERS[name](data[name])
    if name == "megc2019-phases":
        from merlib.datasets.twin.two_phases import phase_samples

        return phase_samples()
    from merlib.datasets.twin import twin_samples

    return twin_samples(name)


def open_clips(name: str, data: Mapping[str, Path]) -> pd.DataFrame:
    """Return the clip table of `name` from the folder the user named, or from the rendered twin.

    Parameters
    ----------
    name : str
        ``casme2``, ``samm``, ``smic`` or ``megc2019-cd``, the composite of the three.
    data : mapping of str to path
        What `parse_data` returned. The composite's folder holds the organisers' list; the three data sets lie in
        it, or are named as well.

    Raises
    ------
    MerlibError
        For an unknown name, or a copy that cannot be read (`merlib data check NAME=DIR` tells all).
    """
    if name not in CLIP_READERS:
        raise unknown_name("source of clips", name, CLIP_READERS)
    if name == COMPOSITE and name in data:
        from merlib.datasets.official.composite import read_composite_folder

        return read_composite_folder(data[name], data)
    if name in data:
        return CLIP_READERS[name](data[name])
    from merlib.datasets.twin.rendering.rendered import twin_clips

    return twin_clips(TWINS.get(name, name))

"""Open a data source by name: the folder that the user named with ``--data NAME=DIR``, or else the synthetic twin.

A source is read as `Samples` (`READERS`: the flow maps, and what `register_reader` adds) or as a clip table
(`CLIP_READERS`: recorded clips). `register_reader` with the name of a clip source makes `open_samples` read it too. A
source of your own may give either (`OWN_READERS`; `merlib.datasets.own_readers` says how its reader is named).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from merlib.clips.bad_clips import ERROR
from merlib.clips.samples import Samples
from merlib.datasets.own_readers import Reader, checked, entry_point_readers, load_reader, readers_by_name
from merlib.errors import MerlibError, unknown_name

if TYPE_CHECKING:
    import pandas as pd

COMPOSITE = "megc2019-cd"
TWINS = {COMPOSITE: "megc2019"}  # sources whose rendered twin has another name


def _flow_archive(folder: Path) -> Samples:
    from merlib.datasets.archive.reader import read_flow_archive

    return read_flow_archive(folder)


def _phase_archive(folder: Path) -> Samples:
    from merlib.datasets.archive.phases import read_phase_archive

    return read_phase_archive(folder)


def _casme2(folder: Path, on_bad_clip: str = ERROR) -> pd.DataFrame:
    from merlib.datasets.official.readers import read_casme2

    return read_casme2(folder, on_bad_clip=on_bad_clip)


def _samm(folder: Path, on_bad_clip: str = ERROR) -> pd.DataFrame:
    from merlib.datasets.official.readers import read_samm

    return read_samm(folder, on_bad_clip=on_bad_clip)


def _smic(folder: Path, on_bad_clip: str = ERROR) -> pd.DataFrame:
    from merlib.datasets.official.readers import read_smic

    return read_smic(folder, on_bad_clip=on_bad_clip)


def _composite(folder: Path, on_bad_clip: str = ERROR) -> pd.DataFrame:
    from merlib.datasets.official.composite import read_composite_folder

    return read_composite_folder(folder, on_bad_clip=on_bad_clip)


READERS: dict[str, Callable[[Path], Samples]] = {
    "megc2019-flow": _flow_archive,
    "megc2019-phases": _phase_archive,
}
CLIP_READERS: dict[str, Callable[..., pd.DataFrame]] = {
    "casme2": _casme2,
    "samm": _samm,
    "smic": _smic,
    COMPOSITE: _composite,
}
LICENSED = frozenset(CLIP_READERS)
OWN_READERS: dict[str, Reader] = {}
_read_once: dict[tuple[str, Path, Reader], Samples | pd.DataFrame] = {}


def register_reader(name: str, reader: Callable[[Path], Samples]) -> None:
    """Add a data source of your own: `reader` turns the folder given by ``--data NAME=DIR`` into `Samples`."""
    READERS[name] = reader


def register_clip_reader(name: str, reader: Callable[[Path], pd.DataFrame]) -> None:
    """Add recorded clips of your own: `reader` turns the folder given by ``--data NAME=DIR`` into a clip table."""
    CLIP_READERS[name] = lambda folder, on_bad_clip=ERROR: reader(folder)  # the policy is for licensed copies


def known_sources() -> list[str]:
    """Return the names that ``--data NAME=DIR`` takes."""
    return list(dict.fromkeys([*READERS, *CLIP_READERS, *OWN_READERS, *entry_point_readers()]))


def parse_data(pairs: Iterable[str], readers: Iterable[str] = ()) -> dict[str, Path]:
    """Read ``NAME=DIR`` pairs into a mapping.

    Parameters
    ----------
    pairs : iterable of str
        Sources and their folders.
    readers : iterable of str
        Readers of sources of your own, ``module:function`` or ``NAME=module:function``. They stay registered.

    Returns
    -------
    dict of str to Path
        Folder of each source, with ``~`` expanded.

    Raises
    ------
    MerlibError
        When a pair has no ``=``, a name is unknown or given twice, a folder does not exist, or a reader cannot be
        found.
    """
    pairs, readers = list(pairs), list(readers)
    # OWN_READERS are left out, so that a notebook's cell that is run again may name its reader again
    others = {*READERS, *CLIP_READERS, *entry_point_readers()}
    strangers = [name for name in (pair.partition("=")[0].strip() for pair in pairs) if name not in others]
    OWN_READERS.update(readers_by_name(readers, strangers))
    found: dict[str, Path] = {}
    for pair in pairs:
        name, equals, folder = (part.strip() for part in pair.partition("="))
        if not equals or not folder:
            raise MerlibError(f"data source {pair!r}.", "NAME=DIR.", f"for example {known_sources()[0]}=FOLDER.")
        if name not in known_sources():
            problem = unknown_name("data source", name, known_sources())
            near = difflib.get_close_matches(name.lower(), known_sources(), 1)
            if near:
                raise MerlibError(problem.found, problem.expected, f"did you mean {near[0]!r}?")
            own = "a set of your own needs a reader: --reader module:function (readers=[...] in a notebook)."
            raise MerlibError(problem.found, problem.expected, own)
        if name in found:
            raise MerlibError(f"data source {name} given twice.", "each source once.", "drop one of them.")
        found[name] = Path(folder).expanduser()
        if not found[name].is_dir():
            made = {"megc2019-flow": f", or: merlib data get {name}"}
            made |= dict.fromkeys(LICENSED - {COMPOSITE}, f", or: merlib data export {name} {folder}")
            advice = f"correct the path{made.get(name, '')}"
            place = str(found[name] if found[name].is_absolute() else Path.cwd() / found[name])
            raise MerlibError(f"{name}: no folder {place!r}.", "an existing folder.", advice)
    return found


def open_samples(name: str, data: Mapping[str, Path]) -> Samples:
    """Return the samples of `name` from the folder the user named, or from the synthetic twin.

    Parameters
    ----------
    name : str
        ``megc2019-flow`` or ``megc2019-phases`` (3 classes, 68 subjects), ``casme2`` (5), ``samm`` (5) or ``smic`` (3).
    data : mapping of str to path
        What `parse_data` returned.

    Returns
    -------
    Samples
        The real samples if `data` names a folder, otherwise those of the twin, which are marked ``synthetic``.

    Raises
    ------
    MerlibError
        For a name without samples, and for a folder of recorded clips, from whose frames inputs must be computed first.
    """
    if name in data:
        if name not in READERS and _is_own(name) and isinstance(read := read_own(name, data[name]), Samples):
            return read
        if name not in READERS:
            raise MerlibError(
                f"{name} in {data[name]} holds clips, not samples.",
                f"a source of samples: {', '.join(READERS)}.",
                f"open_clips({name!r}, data) reads the clips; features are computed from them by merlib.motion.",
            )
        return READERS[name](data[name])
    drawn = _twin(name)
    return drawn.take(np.arange(len(drawn)))  # a copy: what a caller writes into it stays with the caller


@lru_cache(maxsize=8)
def _twin(name: str) -> Samples:
    """Draw the twin of `name`, which takes seconds, once in a process."""
    if name == "megc2019-phases":
        from merlib.datasets.twin.two_phases import phase_samples

        return phase_samples()
    from merlib.datasets.twin import twin_samples

    return twin_samples(name)


def _is_own(name: str) -> bool:
    return name in OWN_READERS or (name in entry_point_readers() and name not in {*READERS, *CLIP_READERS})


def read_own(name: str, folder: Path) -> Samples | pd.DataFrame:
    """Return what the reader of a source of your own makes of its folder; each folder is read once per process.

    Raises
    ------
    MerlibError
        As `own_readers.load_reader`, and when the reader returns neither samples nor a clip table.
    """
    reader = OWN_READERS.get(name) or load_reader(entry_point_readers()[name])
    key = (name, Path(folder), reader)
    if key not in _read_once:
        _read_once[key] = checked(name, reader(Path(folder)))
    return _read_once[key]


def holds_clips(name: str, data: Mapping[str, Path]) -> bool:
    """Return whether the user named a folder for this source and it holds recorded clips, not samples."""
    if name not in data:
        return False
    return name in CLIP_READERS or (_is_own(name) and not isinstance(read_own(name, data[name]), Samples))


def open_clips(name: str, data: Mapping[str, Path], on_bad_clip: str = ERROR) -> pd.DataFrame:
    """Return the clip table of `name` from the folder the user named, or from the rendered twin.

    Parameters
    ----------
    name : str
        ``casme2``, ``samm``, ``smic`` or ``megc2019-cd``, the composite of the three.
    data : mapping of str to path
        What `parse_data` returned. The composite's folder holds the organisers' list; the three data sets lie in
        it, or are named as well.
    on_bad_clip : {'error', 'leave-out'}
        Whether a broken clip of a licensed copy is an error, or is left out with the reason in the notes.

    Raises
    ------
    MerlibError
        For an unknown name, or a copy that cannot be read (`merlib data check NAME=DIR` tells all).
    """
    if _is_own(name) and name in data and not isinstance(read := read_own(name, data[name]), Samples):
        return read
    if name not in CLIP_READERS:
        raise unknown_name("source of clips", name, CLIP_READERS)
    if name == COMPOSITE and name in data:
        from merlib.datasets.official.composite import read_composite_folder

        return read_composite_folder(data[name], data, on_bad_clip)
    if name in data:
        return CLIP_READERS[name](data[name], on_bad_clip=on_bad_clip)
    from merlib.datasets.twin.rendering.rendered import twin_clips

    return twin_clips(TWINS.get(name, name))

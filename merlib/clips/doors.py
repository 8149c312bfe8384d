"""The doors data comes in by: what the user named with ``--data NAME=DIR``, or the synthetic twin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from merlib.clips.samples import Samples
from merlib.errors import MerlibError, unknown_name


def _flow_archive(folder: Path) -> Samples:
    from merlib.clips.flow_archive import read_flow_archive

    return read_flow_archive(folder)


READERS: dict[str, Callable[[Path], Samples]] = {"megc2019-flow": _flow_archive}


def register_reader(name: str, reader: Callable[[Path], Samples]) -> None:
    """Add a data source of your own: `reader` turns the folder given by ``--data NAME=DIR`` into `Samples`."""
    READERS[name] = reader


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
            raise MerlibError(f"data source {pair!r}.", "NAME=DIR.", f"for example {next(iter(READERS))}=FOLDER.")
        if name not in READERS:
            raise unknown_name("data source", name, READERS)
        if name in found:
            raise MerlibError(f"data source {name} given twice.", "each source once.", "drop one of them.")
        found[name] = Path(folder).expanduser()
        if not found[name].is_dir():
            raise MerlibError(
                f"{name}: no folder {folder}.",
                "an existing folder.",
                f"correct the path, or: merlib data get {name}",
            )
    return found


def open_samples(name: str, data: Mapping[str, Path]) -> Samples:
    """Return the samples of `name` from the folder the user named, or from the synthetic twin.

    Parameters
    ----------
    name : str
        ``megc2019-flow`` (3 classes, 68 subjects), ``casme2`` (5), ``samm`` (5) or ``smic`` (3).
    data : mapping of str to path
        What `parse_data` returned.
    """
    if name in data:
        return READERS[name](data[name])
    from merlib.clips.twin import twin_samples

    return twin_samples(name)

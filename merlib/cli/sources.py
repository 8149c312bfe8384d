"""The data sources named on the command line, checked before anything else is done."""

from __future__ import annotations

from pathlib import Path


def data_folders(pairs: list[str] | None, readers: list[str] | None = None) -> dict[str, Path]:
    """Read ``NAME=DIR`` pairs into absolute folders by source name; a wrong one is an error with the valid names."""
    if not pairs and not readers:
        return {}
    from merlib.datasets.registry import parse_data

    return {name: folder.resolve() for name, folder in parse_data(pairs or (), readers or ()).items()}


def reader_specs(readers: list[str] | None) -> tuple[str, ...]:
    """Return the readers so that a notebook, which runs in another folder, finds them too."""
    if not readers:
        return ()
    from merlib.datasets.own_readers import absolute_spec

    return tuple(absolute_spec(reader) for reader in readers)

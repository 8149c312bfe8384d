"""The two public archives of real flow maps: how they differ, so that one reader can serve both.

Both hold maps of the same 442 clips of MEGC2019 under the same labels. They were cut out, measured and scaled by
different people, so a method that is run on both shows what belongs to it and what belongs to the preprocessing.
"""

from __future__ import annotations

from dataclasses import dataclass

from merlib.errors import unknown_name


@dataclass(frozen=True)
class PublicArchive:
    """What a reader has to know about one archive.

    Parameters
    ----------
    name : str
        Name as typed after ``--data``; the manifest's name has underscores instead of the hyphens.
    phases : tuple of str
        Endings (before ``.png``) of the names of a clip's maps that are read, in the order of the phases.
    unread : tuple of str
        Endings of further maps of a clip, which are in the archive but not read.
    full_range : bool
        Whether each channel of each map spans 0..255. It does where channels were stretched after the map was reduced
        to 28 x 28, and not where they were stretched before.
    """

    name: str
    phases: tuple[str, ...] = ("",)
    unread: tuple[str, ...] = ()
    full_range: bool = True

    @property
    def manifest(self) -> str:
        """Name of its manifest."""
        return self.name.replace("-", "_")

    @property
    def again(self) -> str:
        """What to do about a damaged copy."""
        own = "--data my-maps=DIR --reader merlib.datasets:read_own_maps"
        return f"fetch it again with `merlib data get {self.name}`; maps of your own are another source: {own}."


FLOW = PublicArchive("megc2019-flow")
PHASES = PublicArchive("megc2019-phases", phases=("", "_1"), unread=("_2", "_3"), full_range=False)
ARCHIVES = {archive.name: archive for archive in (FLOW, PHASES)}


def public_archive(name: str) -> PublicArchive:
    """Return the archive called `name`; an unknown name is an error that lists the known ones."""
    if name not in ARCHIVES:
        raise unknown_name("public archive of maps", name, ARCHIVES)
    return ARCHIVES[name]

"""How long the recordings are that notebook 13 draws and watches: most of its time goes into them."""

from __future__ import annotations

from dataclasses import dataclass

from merlib.errors import unknown_name


@dataclass(frozen=True)
class Lengths:
    """Seconds of each recording.

    Parameters
    ----------
    one : float
        Of the person on whom the stages are explained.
    films, film : int, float
        Recordings of four people before three cameras, and the length of each: some five micro-expressions a minute
        and person.
    live, group : float
        Of the live 1080p video, and of the group of four.
    """

    one: float
    films: int
    film: float
    live: float
    group: float


LENGTHS = {
    "smoke": Lengths(one=12, films=2, film=20, live=6, group=6),
    "teach": Lengths(one=12, films=8, film=40, live=8, group=8),
    "paper": Lengths(one=12, films=8, film=40, live=8, group=8),
}


def lengths_of(profile: str) -> Lengths:
    """Return the lengths of a profile; an unknown name is an error that lists the valid ones."""
    if profile not in LENGTHS:
        raise unknown_name("profile", profile, LENGTHS)
    return LENGTHS[profile]

"""The one exception type that users of merlib are meant to read.

Every message answers three questions: what was found, what was expected, what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def printable(text: object) -> str:
    """Return a text that is safe to print: control characters and invalid bytes are written as their escapes.

    File names and cells of sheets come from others. ``ESC ]0;`` in one would change the terminal's title, a
    right-to-left mark would reorder what is read, and a byte that is not UTF-8 would end the program that prints it.
    """
    text = str(text)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode("ascii") for c in text)


class MerlibError(Exception):
    """Bad input, reported in three sentences: what was found, what was expected, what to do.

    Parameters
    ----------
    found : str
        What was found, naming the file, value or fold.
    expected : str
        What would have been accepted.
    action : str
        What the user can do next.
    """

    def __init__(self, found: str, expected: str, action: str):
        found, expected, action = map(printable, (found, expected, action))
        self.found, self.expected, self.action = found, expected, action
        super().__init__(found, expected, action)

    def __str__(self) -> str:
        return f"Found: {self.found}\nExpected: {self.expected}\nDo: {self.action}"


def unknown_name(kind: str, name: object, valid: Iterable[str]) -> MerlibError:
    """Build the error for a name outside a known list, with the nearest valid one suggested.

    Parameters
    ----------
    kind : str
        What the name stands for, such as ``"profile"``.
    name : object
        The name that was given.
    valid : iterable of str
        The names that exist; there may be none.
    """
    valid = sorted(valid)
    if not valid:
        return MerlibError(f"unknown {kind} {name!r}.", f"none, since there is no {kind} here.", "leave it out.")
    near = get_close_matches(str(name), valid, n=1)
    action = f"did you mean {near[0]!r}?" if near else f"choose one of the {kind} names above."
    return MerlibError(f"unknown {kind} {name!r}.", f"one of {', '.join(valid)}.", action)

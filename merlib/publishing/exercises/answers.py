"""The right answers to exercises: a number, one of several options, or a set of names.

Each kind says what is wrong with an answer and never gives the right one away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from merlib.errors import MerlibError
from merlib.publishing.study import Study

OPEN = "not answered yet"


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and what is wrong with it.

    Parameters
    ----------
    right : bool
        Also the verdict's truth value.
    said : str
        The sentence that the reader sees.
    """

    right: bool
    said: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return self.said


def _not_yet(why: str) -> Verdict:
    return Verdict(False, f"not yet: {why}")


def _as_number(answer: object) -> float | None:
    """Return a number, a scalar array or tensor as a float, anything else as None."""
    if isinstance(answer, bool | np.bool_ | str | bytes):
        return None
    try:
        value = float(answer)
    except (TypeError, ValueError):
        return None
    return value if np.isfinite(value) else None


@dataclass(frozen=True)
class Number:
    """An answer that is a number.

    Parameters
    ----------
    truth : float
        The right answer.
    within : float, optional
        The largest error of a right answer; by default 0 for a whole number and else a hundredth of the truth.
    share : bool
        Whether the right answer is a share, which lies between 0 and 1.
    mistakes : mapping of float to str
        Wrong answers that people arrive at, computed like the truth, each with the sentence that explains it.
    because : str
        What the reader should conclude from the right answer.
    """

    truth: float
    within: float | None = None
    share: bool = False
    mistakes: Mapping[float, str] = field(default_factory=dict)
    because: str = ""

    @property
    def tolerance(self) -> float:
        """The largest error of a right answer."""
        if self.within is not None:
            return self.within
        return 1e-9 if float(self.truth).is_integer() else abs(self.truth) / 100

    def judge(self, answer: object) -> Verdict:
        """Compare an answer with the truth."""
        value = _as_number(answer)
        if value is None:
            return _not_yet(f"one number is asked for, and this is {_what(answer)}.")
        if abs(value - self.truth) <= self.tolerance:
            return Verdict(True, f"right: {self.because}" if self.because else "right")
        for wrong, why in self.mistakes.items():
            if abs(value - wrong) <= min(self.tolerance, abs(wrong - self.truth) / 2) + 1e-9:
                return _not_yet(why)
        if self.share and not 0 <= value <= 1:
            return _not_yet("a share lies between 0 and 1; did you write a percentage or a count?")
        return _not_yet("too high." if value > self.truth else "too low.")

    def wrong(self) -> list[object]:
        """Return answers that must be refused."""
        above, below = self.truth + 2 * self.tolerance + 1, self.truth - 2 * self.tolerance - 1
        between = [(self.truth + 1) / 2, self.truth / 2] if self.share else []
        between = [value for value in between if abs(value - self.truth) > self.tolerance]
        return [*self.mistakes, *between, above, below, "many"]


@dataclass(frozen=True)
class Choice:
    """An answer that is one of several options.

    Parameters
    ----------
    truth : str
        The right option.
    options : mapping of str to str
        All options, each with what is said to a reader who chooses it wrongly.
    because : str
        What a right answer shows.
    """

    truth: str
    options: Mapping[str, str]
    because: str = ""

    def __post_init__(self) -> None:
        if self.truth not in self.options:
            raise MerlibError(f"truth {self.truth!r}.", f"one of {', '.join(self.options)}.", "mend the exercise.")

    def judge(self, answer: object) -> Verdict:
        """Compare an answer with the truth; upper and lower case count as equal."""
        said = answer.strip().lower() if isinstance(answer, str) else answer
        known = {option.lower(): option for option in self.options}
        if not isinstance(said, str) or said not in known:
            return _not_yet(f"answer with one of {', '.join(map(repr, self.options))}.")
        if known[said] == self.truth:
            return Verdict(True, f"right: {self.because}" if self.because else "right")
        return _not_yet(self.options[known[said]] or "it is another one.")

    def wrong(self) -> list[object]:
        """Return answers that must be refused."""
        return [*(option for option in self.options if option != self.truth), "none of them", 1.0]


@dataclass(frozen=True)
class Names:
    """An answer that is a set of names.

    Parameters
    ----------
    truth : set of str
        The names that belong.
    among : set of str
        The names to choose from.
    because : str
        What a right answer shows.
    """

    truth: frozenset[str]
    among: frozenset[str]
    because: str = ""

    def judge(self, answer: object) -> Verdict:
        """Compare an answer with the truth; it is told how many names are wrong or missing, but not which."""
        if isinstance(answer, str) or not hasattr(answer, "__iter__"):
            return _not_yet(f"a set of names is asked for, and this is {_what(answer)}.")
        given = {str(name) for name in answer}
        if unknown := sorted(given - self.among):
            return _not_yet(f"unknown names: {', '.join(map(repr, unknown))}.")
        if given == self.truth:
            return Verdict(True, f"right: {self.because}" if self.because else "right")
        wrong, missing = len(given - self.truth), len(self.truth - given)
        parts = [f"{wrong} of your names do not belong"] * bool(wrong) + [f"{missing} are missing"] * bool(missing)
        return _not_yet(" and ".join(parts) + ".")

    def wrong(self) -> list[object]:
        """Return answers that must be refused."""
        one = next(iter(sorted(self.truth)), "")
        return [self.truth - {one} if one else {"another"}, self.among | {"another"}, "all of them"]


def _what(answer: object) -> str:
    if isinstance(answer, float | np.floating):
        return "no finite number"
    return f"a {type(answer).__name__}"


Answer = Number | Choice | Names
ASKED: dict[str, Callable[[Study], Answer]] = {}


def exercise(identifier: str) -> Callable:
    """Decorate the function that computes the right answer to the exercise `identifier`.

    Parameters
    ----------
    identifier : str
        Number of the notebook, a point and a name, such as ``00.share``.

    Raises
    ------
    MerlibError
        When two exercises have one identifier.
    """

    def enter(function: Callable[[Study], Answer]) -> Callable[[Study], Answer]:
        if identifier in ASKED:
            raise MerlibError(f"two exercises {identifier!r}.", "an identifier for each.", "rename one of them.")
        ASKED[identifier] = function
        return function

    return enter

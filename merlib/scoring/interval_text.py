"""Intervals as text: one rule for what is printed beside a value, and for when nothing is printed."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

Form = str | Callable[[float], str]


def ends_text(low: float | None, high: float | None, form: Form = ".2f", factor: float = 1.0) -> str:
    """Return the ends of an interval, such as ``[0.61, 0.72]``, or an empty text where it has no width to show.

    An interval has no ends where neither people nor seeds could be resampled. It has no width where every resample is
    the same, or where both ends look the same in the digits shown. If such an interval were printed, it would claim a
    certainty that was not measured.

    Parameters
    ----------
    low, high : float or None
        The ends.
    form : str or callable
        A format such as ``+.3f``, or a function of one number.
    factor : float
        Multiplies both ends, such as 100 for per cent.
    """
    if pd.isna(low) or pd.isna(high):
        return ""
    first, last = (_in_form(factor * end, form) for end in (low, high))
    return "" if first == last else f"[{first}, {last}]"


def value_text(
    value: float, low: float | None, high: float | None, form: Form = ".2f", factor: float = 1.0, unit: str = ""
) -> str:
    """Return a value with its interval behind it, such as ``0.66 [0.61, 0.72]``; see `ends_text`.

    Parameters
    ----------
    value, low, high : float
        The value and the ends of its interval, None or not a number where there are none.
    form, factor : str or callable, float
        As for `ends_text`.
    unit : str
        The text that follows the value, such as ``%`` or `` points``.
    """
    return f"{_in_form(factor * value, form)}{unit} {ends_text(low, high, form, factor)}".rstrip()


def _in_form(value: float, form: Form) -> str:
    return form(value) if callable(form) else format(value, form)

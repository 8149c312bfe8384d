"""Check a reader's answer.

Each time a right answer is needed, it is computed from the same records, data and networks that the notebooks show;
none is typed. `merlib.publishing.exercises.truths` holds one module for each notebook.
"""

from __future__ import annotations

from merlib.errors import unknown_name
from merlib.publishing.exercises.answers import ASKED, OPEN, Answer, Verdict
from merlib.publishing.exercises.truths import read_all
from merlib.publishing.study import current_study


def right_answer(identifier: str) -> Answer:
    """Compute the right answer to an exercise on the data of the open study.

    Raises
    ------
    MerlibError
        For an unknown identifier, and when no study is open.
    """
    read_all()
    if identifier not in ASKED:
        raise unknown_name("exercise", identifier, ASKED)
    return ASKED[identifier](current_study())


def check(identifier: str, answer: object) -> Verdict:
    """Return whether an answer is right, or what is wrong with it; the right answer is never revealed.

    Parameters
    ----------
    identifier : str
        Number of the notebook and name of the exercise, such as ``00.share``.
    answer : object
        A number, an option or a set of names, as the exercise asks; None for no answer yet.

    Returns
    -------
    Verdict
        Shown as a sentence; true when the answer is right.

    Raises
    ------
    MerlibError
        For an unknown identifier, and when no study is open.
    """
    if answer is None:
        return Verdict(False, OPEN)
    return right_answer(identifier).judge(answer)

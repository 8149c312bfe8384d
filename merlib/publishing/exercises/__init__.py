"""The reader's part: exercises whose answers are checked, and a check of a network before it is trusted."""

from merlib.publishing.exercises.checking import check
from merlib.publishing.exercises.one_batch import overfit_one_batch

__all__ = ["check", "overfit_one_batch"]

"""The base of every hand-crafted method: a vector of features is computed for each clip, and a classifier reads it.

A feature learns nothing from the training clips, so its `fit` only checks what it was handed. The classifier at the end
of the pipeline is the only part that is trained.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline

from merlib.errors import MerlibError


class ClipFeatures(TransformerMixin, BaseEstimator):
    """A scikit-learn transformer that describes each clip on its own; subclasses say how in `describe`.

    Attributes
    ----------
    input_name : str
        The input of `Samples` that the method reads.
    """

    input_name = "flow"

    def check(self, X: np.ndarray) -> np.ndarray:
        """Return the rows in the shape that `describe` takes, or raise a `MerlibError`."""
        raise NotImplementedError

    def describe(self, row: np.ndarray) -> np.ndarray:
        """Return the features of one clip, float (D,)."""
        raise NotImplementedError

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> ClipFeatures:
        """Check the rows; nothing is learned from them."""
        self.check(X)
        return self

    def fit_transform(self, X: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
        """Return what `transform` does, with the rows checked once."""
        return self.transform(X)

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the features of every clip, float (N, D)."""
        return np.stack([self.describe(row) for row in self.check(X)])

    def __sklearn_is_fitted__(self) -> bool:
        return True


class FeaturePipeline(Pipeline):
    """A pipeline that begins with a `ClipFeatures` and tells the engine which input that one reads."""

    @property
    def input_name(self) -> str:
        """The input of `Samples` to hand over."""
        return self.steps[0][1].input_name


def check_axes(method: str, X: np.ndarray, shapes: tuple[str, ...], action: str) -> np.ndarray:
    """Return `X` as an array after checking that it has one of the numbers of axes in `shapes`, and 3 channels.

    Parameters
    ----------
    method : str
        Name of the method, for the message.
    X : array
        The rows of all clips.
    shapes : tuple of str
        The shapes that are taken, such as ``"(N, 3, H, W)"``; the third axis from the end holds the channels.
    action : str
        What to do about another shape.

    Raises
    ------
    MerlibError
        When the number of axes is none of these, or there are not 3 channels.
    """
    X = np.asarray(X)
    if X.ndim not in {shape.count(",") + 1 for shape in shapes} or X.shape[-3] != 3:
        raise MerlibError(f"{method}: an input of shape {X.shape}.", f"{' or '.join(shapes)}.", action)
    return X


def block_numbers(height: int, width: int, blocks: int) -> np.ndarray:
    """Return for each pixel the number of its block of a `blocks` x `blocks` grid, row by row, int (H, W).

    Where a side is not a multiple of `blocks`, the blocks differ by one pixel in size.

    Raises
    ------
    MerlibError
        When `blocks` is below 1 or larger than a side.
    """
    if not 1 <= blocks <= min(height, width):
        found = f"{blocks} x {blocks} blocks of {height} x {width} pixels."
        raise MerlibError(found, "at least one pixel in each block.", "ask for fewer blocks.")
    rows, columns = (np.arange(size) * blocks // size for size in (height, width))
    return rows[:, None] * blocks + columns


def shares(histogram: np.ndarray) -> np.ndarray:
    """Return `histogram` (..., bins) with each histogram divided by its sum; an empty one stays zero."""
    total = histogram.sum(axis=-1, keepdims=True)
    return histogram / np.where(total > 0, total, 1)

"""Normalisation of inputs by statistics of the training rows alone."""

from __future__ import annotations

import torch
from torch import Tensor

from merlib.errors import MerlibError


class Normaliser:
    """Scale inputs by statistics of the training fold, so that no test row takes part.

    Parameters
    ----------
    how : {'none', 'unit', 'standardise'}
        ``unit`` divides by 255; ``standardise`` uses mean and deviation of the training rows: of each channel where
        rows are maps or pictures (N, ..., C, H, W), of each feature where they are vectors (N, F) or (N, L, F).
    train : dict of str to Tensor
        The training rows.
    """

    def __init__(self, how: str, train: dict[str, Tensor]):
        if how not in ("none", "unit", "standardise"):
            raise MerlibError(f"normalisation {how!r}.", "none, unit or standardise.", "correct the recipe.")
        self.how = how
        self.statistics = {}
        for name, rows in train.items():
            if how == "standardise" and rows.ndim >= 2:
                kept = rows.ndim - 3 if rows.ndim >= 4 else rows.ndim - 1
                axes = [axis for axis in range(rows.ndim) if axis != kept]
                deviation, mean = torch.std_mean(rows, axes, keepdim=True)
                self.statistics[name] = (mean[0], deviation[0].clamp_min(1e-6))

    def __call__(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the scaled inputs."""
        if self.how == "unit":
            return {name: rows / 255.0 for name, rows in inputs.items()}
        return {
            name: (rows - self.statistics[name][0]) / self.statistics[name][1] if name in self.statistics else rows
            for name, rows in inputs.items()
        }

"""Join the maps that both public archives hold of the same clips, for methods that use the two together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.sources.joined_names import AND


def both_archives(first: Samples, second: Samples) -> Samples:
    """Return the clips with ``flow`` of the first archive and ``phases`` of the second.

    Parameters
    ----------
    first, second : Samples
        ``megc2019-flow`` and ``megc2019-phases``, both real or both synthetic twins.

    Returns
    -------
    Samples
        ``flow`` (N, 3, 28, 28) of `first` and ``phases`` (N, 2, 3, 28, 28) of `second`; all else is that of `first`,
        with the names joined and the notes of both.

    Raises
    ------
    MerlibError
        When they are not the same clips under the same labels, in the same order, or only one is synthetic.
    """
    same = np.array_equal(first.keys, second.keys) and np.array_equal(first.labels, second.labels)
    if not same or first.synthetic != second.synthetic:
        raise MerlibError(
            f"{first.name} and {second.name} differ in clips, labels, or one of them is the twin.",
            "the same clips under the same labels in both.",
            "name the folders of both archives with --data, or of neither.",
        )
    inputs = {"flow": first.inputs["flow"], "phases": second.inputs["phases"]}
    both = replace(first, inputs=inputs, name=first.name + AND + second.name, notes=first.notes + second.notes)
    recipe = f"{first.recipe}\n{second.recipe}" if first.recipe and second.recipe else ""
    return both.made_by(recipe, first.code) if recipe else both

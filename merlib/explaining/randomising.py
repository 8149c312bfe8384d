"""Replace weights of a trained network by random ones, as a test of explanations (Adebayo et al. 2018).

A heat map that looks the same with random weights shows the picture or the architecture, not what was learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

from torch import nn

from merlib.errors import MerlibError, unknown_name


def randomised(trained: nn.Module, fresh: nn.Module, parts: Sequence[str] = ()) -> nn.Module:
    """Return a copy of a trained network in which some or all weights are those of an untrained one.

    Parameters
    ----------
    trained : nn.Module
        The trained network; it is not changed.
    fresh : nn.Module
        The same network, newly built with another seed.
    parts : sequence of str
        Names of the modules whose weights are replaced, such as ``classifier``; by default all. Running statistics of
        batch norms are replaced with their module.

    Raises
    ------
    MerlibError
        When the two networks differ, or a part has no weights.
    """
    known, new = trained.state_dict(), fresh.state_dict()
    if {name: values.shape for name, values in known.items()} != {name: values.shape for name, values in new.items()}:
        raise MerlibError(
            f"{type(trained).__name__} and another {type(fresh).__name__}.",
            "the same network with the same options.",
            "build the fresh one with the options of the trained one.",
        )
    for part in parts:
        if not any(name.startswith(f"{part}.") for name in known):
            raise unknown_name("part of the network", part, sorted({name.rpartition(".")[0] for name in known}))
    copy = deepcopy(trained)
    forgets = tuple(f"{part}." for part in parts) or ("",)
    copy.load_state_dict({name: new[name] if name.startswith(forgets) else values for name, values in known.items()})
    return copy

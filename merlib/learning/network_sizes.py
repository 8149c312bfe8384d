"""Sizes of the three networks that read clips: as the papers have them, and as short profiles train them.

A short profile shortens every recipe by the same rule (`merlib.learning.recipes.abridge`). That alone would not let a
network of full width read 255 clips in minutes, so these three also read smaller pictures with fewer channels. The
sizes were chosen on people of the SYNTHETIC twin whom no table tests.
"""

from __future__ import annotations

from dataclasses import dataclass

from merlib.errors import unknown_name


@dataclass(frozen=True)
class NetworkSizes:
    """What a network reads and how wide it is.

    Parameters
    ----------
    side : int
        Side of the square pictures or maps, px.
    width : int
        Channels of the first layer; of UAMRN the frozen layers in front.
    frames : int
        Frames taken from a clip, where the network reads single frames.
    optimiser : str
        The optimiser that a short profile trains with; empty for the recipe's own.
    """

    side: int
    width: int
    frames: int = 0
    optimiser: str = ""


FULL = {"astnet": NetworkSizes(224, 64), "larnet": NetworkSizes(224, 64, frames=8), "uamrn": NetworkSizes(224, 64)}
SHORT = {
    # ASTNet's SGD has a rate for hundreds of epochs; twenty epochs of it do not leave the start.
    "astnet": NetworkSizes(56, 8, optimiser="adam"),
    "larnet": NetworkSizes(64, 16, frames=4, optimiser="adam"),
    "uamrn": NetworkSizes(64, 16),
}


def network_sizes(model: str, abridged: bool) -> NetworkSizes:
    """Return the sizes of ``astnet``, ``larnet`` or ``uamrn``, in full or for a profile that abridges recipes."""
    if model not in FULL:
        raise unknown_name("network that reads clips", model, FULL)
    return (SHORT if abridged else FULL)[model]

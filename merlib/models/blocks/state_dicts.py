"""Loading a state dict into a network, with errors that name the network, what was found and what was expected."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from merlib.errors import MerlibError


def load_weights(model: str, network: nn.Module, state: Mapping[str, Tensor], skip: tuple[str, ...] = ()) -> None:
    """Copy `state` into `network`, every tensor of it or none.

    Parameters
    ----------
    model : str
        Name of the network, for the message.
    network : torch.nn.Module
        Filled in place.
    state : mapping of str to Tensor
        State dict under the network's own names.
    skip : tuple of str
        Prefixes of names that neither have to be in `state` nor are read from it, such as ``("fc.",)`` when a
        classifier for other classes is replaced.

    Raises
    ------
    MerlibError
        When `state` is empty or lacks a tensor, holds one of another shape (so also: of another number of
        classes) or one that the network does not know; the network is left untouched.
    """
    own = {name: tensor for name, tensor in network.state_dict().items() if not name.startswith(skip)}
    given = {name: tensor for name, tensor in state.items() if not name.startswith(skip)}
    action = "check which model, options and number of classes the weights are for."
    # files written by old versions of torch lack the counters of batch norm; nothing is lost without them
    missing = [name for name in own if name not in given and not name.endswith("num_batches_tracked")]
    if missing:
        what = f"{model}: weights without {len(missing)} of {len(own)} tensors, first {missing[0]!r}."
        raise MerlibError(what, f"{missing[0]!r} {tuple(own[missing[0]].shape)}.", action)
    for name, tensor in given.items():
        if name not in own:
            raise MerlibError(f"{model}: unknown tensor {name!r}.", f"names such as {next(iter(own))!r}.", action)
        if own[name].shape != tensor.shape:
            found = f"{model}: tensor {name!r} {tuple(tensor.shape)}."
            raise MerlibError(found, f"{name!r} {tuple(own[name].shape)}.", action)
    network.load_state_dict(given, strict=False)

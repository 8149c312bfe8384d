"""Watch a model compute: the shapes that enter and leave each of its modules, and their numbers of parameters."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import torch
from torch import Tensor, nn


def _shape(value: object) -> str:
    if isinstance(value, Tensor):
        return "x".join(str(size) for size in value.shape[1:]) or "1"
    if isinstance(value, tuple | list) and value:
        return _shape(value[0])
    return ""


def trace_modules(model: nn.Module, inputs: Mapping[str, Tensor]) -> pd.DataFrame:
    """Run `model` once on `inputs` and describe every module that computed something.

    Parameters
    ----------
    model : nn.Module
        The network. It runs in evaluation mode; its mode is restored afterwards.
    inputs : mapping of str to Tensor (N, ...)
        One small batch.

    Returns
    -------
    DataFrame
        One row per module, by name, in the order in which the modules finish. Columns are ``type``, ``input`` and
        ``output`` (shapes without the batch axis, such as ``24x14x14``), and ``parameters`` (of the whole module).
    """
    rows: dict[str, dict] = {}
    hooks = []

    def watch(name: str, module: nn.Module) -> None:
        def hook(_: nn.Module, given: tuple, output: object) -> None:
            rows[name] = {
                "type": type(module).__name__,
                "input": _shape(given[0]) if given else "",
                "output": _shape(output),
                "parameters": sum(p.numel() for p in module.parameters()),
            }

        hooks.append(module.register_forward_hook(hook))

    for name, module in model.named_modules():
        if name:
            watch(name, module)
    training = model.training
    try:
        model.eval()
        with torch.no_grad():
            model(dict(inputs))
    finally:
        model.train(training)
        for hook in hooks:
            hook.remove()
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["type", "input", "output", "parameters"])
    table.index.name = "module"
    return table


def count_parameters(model: nn.Module) -> int:
    """Return the number of parameters that are trained."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)

"""Tables that describe networks rather than results: structure and hyper-parameters, read from live models."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import torch
from torch import nn

from merlib.explaining.shape_trace import count_parameters
from merlib.learning import Recipe
from merlib.models import build_model
from merlib.models.astnet import BEHIND_RESNET, TABLE1_MODULES, ASTNet
from merlib.models.uamrn import FACTORS, UAMRN
from merlib.publishing.diagrams.astnet import SIZE, shapes_of
from merlib.sources.reported import reported_values

PRINTED = {"BatchNorm2d": "BN", "MaxPool2d": "MaxPool", "Linear": "FC", "ReLU": "ReLU"}
WHOLE = ("CBAM", "ConvLSTM", "Dropout")  # named as one, whatever is inside
AFTER = {"ConvLSTM": ("AvgPool",)}  # computed without a module


def layer_names(modules: list[nn.Module], number: int) -> str:
    """Say what a layer is made of, convolutions numbered as in the paper's tables: ``Conv0_1, BN, ReLU, MaxPool``."""
    found: list[str] = []

    def visit(module: nn.Module) -> None:
        kind = type(module).__name__
        if kind in WHOLE:
            found.extend((kind, *AFTER.get(kind, ())))
        elif isinstance(module, nn.Conv2d):
            found.append(f"Conv{number}_{1 + sum(name.startswith('Conv') for name in found)}")
        elif kind in PRINTED:
            found.append(PRINTED[kind])
        for child in module.children() if kind not in WHOLE else ():
            visit(child)

    for module in modules:
        visit(module)
    return ", ".join(found)


def astnet_structure(model: ASTNet, size: int = SIZE) -> pd.DataFrame:
    """Return ASTNet's Table 1 from the live model: what each layer is made of, its output and its parameters."""
    shapes, rows = shapes_of(model, size), {}
    for number, (layer, names) in enumerate(TABLE1_MODULES.items()):
        modules = [model.get_submodule(name) for name in names]
        rows[layer] = {
            "our network": layer_names(modules, number),
            "output": shapes[names[-1]],
            "parameters": sum(count_parameters(module) for module in modules),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def cbam_positions(classes: int = 5, size: int = SIZE) -> pd.DataFrame:
    """Return ASTNet's Table 7 from live models: where each of the five places puts CBAM, on what, at what cost."""
    layers, rows = list(TABLE1_MODULES), {}
    for position in range(1, BEHIND_RESNET + 1):
        with torch.device("meta"):
            model = build_model("astnet", classes=classes, cbam_position=position)
        label = "proposed" if position == BEHIND_RESNET else f"CBAM({position})"
        after = "ConvLSTM" if position == BEHIND_RESNET else layers[position]
        rows[label] = {
            "between": f"{layers[position - 1]} and {after}",
            "reads": shapes_of(model, size)["attention"],
            "parameters of CBAM": count_parameters(model.attention),
            "parameters": count_parameters(model),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def hyperparameters(artefact: str, values: Mapping[str, float]) -> pd.DataFrame:
    """Return the values in use with, where the printed value is doubted or another is used, the errata that say why.

    Parameters
    ----------
    artefact : str
        Id of the published table.
    values : mapping of str to float
        By the names that the paper prints.
    """
    notes = reported_values(artefact).set_index("row")["note"]
    table = pd.DataFrame({"value": pd.Series(dict(values), dtype=object)})
    table["errata"] = [notes.get(name, "") for name in table.index]
    return table


def differing(artefact: str, table: pd.DataFrame) -> str:
    """Say in a sentence which rows of `hyperparameters` differ from what is printed."""
    printed = reported_values(artefact).set_index("row")["value"]
    ours = {name: float(value) for name, value in table["value"].items() if name in printed}
    named = [f"{name} ({ours[name]:g}, printed {printed[name]:g})" for name in ours if ours[name] != printed[name]]
    return f"As printed in {len(ours) - len(named)} of {len(ours)} rows; differing: {', '.join(named) or 'none'}."


def astnet_hyperparameters(recipe: Recipe, model: ASTNet) -> pd.DataFrame:
    """Return ASTNet's Table 4 from its recipe and model."""
    return hyperparameters(
        "astnet.table4",
        {
            "epoch": recipe.epochs,
            "batch_size": recipe.batch_size,
            "base_lr": recipe.learning_rate,
            "decay": recipe.weight_decay,
            "momentum": recipe.momentum,
            "random deactivation rate": model.dropout.p,
        },
    )


def uamrn_hyperparameters(model: UAMRN) -> pd.DataFrame:
    """Return UAMRN's Table 1 from the live model."""
    heads, tables, planes, width = model.blocks[0].hyperplanes.shape
    return hyperparameters(
        "uamrn.table1",
        {
            "n_p": planes,
            "L": model.length,
            "n_t": tables,
            "n_h": heads,
            "AFR start": FACTORS[0],
            "AFR step": FACTORS[1] - FACTORS[0],
            "AFR stop": FACTORS[-1],
            "d_model": heads * width,
        },
    )

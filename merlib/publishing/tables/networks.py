"""Tables that describe networks rather than results: structure and hyper-parameters, read from live models."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from merlib.explaining.shape_trace import count_parameters, trace_modules
from merlib.learning import Recipe
from merlib.models import build_model
from merlib.models.astnet import BEHIND_RESNET, TABLE1_MODULES, ASTNet
from merlib.models.larnet import LARNet, Stage
from merlib.models.uamrn import FACTORS, UAMRN
from merlib.publishing.diagrams.astnet import SIZE, shapes_of
from merlib.publishing.diagrams.larnet import TITLES
from merlib.sources.reported import reported_values

IMAGENET_CLASSES, IMAGENET_SIZE = 1000, 224  # of LARNet's Table 2 (LARNET-E2)
PRINTED = {"BatchNorm2d": "BN", "MaxPool2d": "MaxPool", "Linear": "FC", "ReLU": "ReLU"}
WHOLE = ("CBAM", "ConvLSTM", "Dropout")  # named as one module, without their parts
AFTER = {"ConvLSTM": ("AvgPool",)}  # follows that module, but is computed without a module of its own


def layer_names(modules: list[nn.Module], number: int) -> str:
    """Return the parts of a layer, convolutions numbered as in the paper's tables: ``Conv0_1, BN, ReLU, MaxPool``."""
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
    """Return ASTNet's Table 1 from the live model: the parts of each layer, the shape of its output, its parameters."""
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
    """Return ASTNet's Table 7 from live models: for each position of CBAM, its neighbours, input and parameters."""
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
    """Return the values that we use, with errata where the printed value is doubted or another is used.

    Parameters
    ----------
    artefact : str
        Id of the published table.
    values : mapping of str to float
        Our values, by the names that the paper prints.
    """
    notes = reported_values(artefact).set_index("row")["note"]
    table = pd.DataFrame({"value": pd.Series(dict(values), dtype=object)})
    table["errata"] = [notes.get(name, "") for name in table.index]
    return table


def differing(artefact: str, table: pd.DataFrame) -> str:
    """Return a sentence on which rows of `hyperparameters` differ from the printed ones."""
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


def multiply_adds(model: nn.Module, size: int) -> float:
    """Return the multiply-adds of one picture (3, size, size), half of what PyTorch's counter reports."""
    device = next(model.parameters()).device
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model({"frames": torch.zeros(1, 3, size, size, device=device)})
    return counter.get_total_flops() / 2


def stage_alone(name: str) -> LARNet:
    """Return one stage as Table 2 describes it, with full width and 1000 classes; it has shapes but no numbers."""
    with torch.device("meta"):
        return build_model("larnet", classes=IMAGENET_CLASSES, stages=(name,), image_size=IMAGENET_SIZE).eval()


def larnet_configuration() -> pd.DataFrame:
    """Return Table 2 from the live stages: modules of each size, parameters, multiply-adds and weighted layers."""
    columns = {}
    for name in ("attention56", "attention92"):
        model = stage_alone(name)
        stage: Stage = model.stages[0]
        shapes = trace_modules(model, {"frames": torch.zeros(1, 3, IMAGENET_SIZE, IMAGENET_SIZE, device="meta")})
        cells = {}
        for level, modules in enumerate(stage.levels):
            side = shapes.loc[f"stages.0.levels.{level}", "output"].split("x", 1)[1]
            cells[f"Residual unit {side}"] = sum(type(m).__name__ == "ResidualUnit" for m in modules)
            cells[f"Attention module {side}"] = sum(type(m).__name__ == "AttentionModule" for m in modules)
        side = shapes.loc["stages.0.last", "output"].split("x", 1)[1]
        cells[f"Residual unit {side}"] = sum(type(m).__name__ == "ResidualUnit" for m in stage.last)
        cells["FC"] = stage.classifier.out_features
        cells["Params x10^6"] = round(sum(p.numel() for p in model.parameters()) / 1e6, 2)
        cells["FLOPS x10^9"] = round(multiply_adds(model, IMAGENET_SIZE) / 1e9, 2)
        cells["Trunk depth"] = trunk_depth(stage)
        columns[TITLES[name]] = pd.Series(cells, dtype=object)
    return pd.DataFrame(columns)


def trunk_depth(stage: Stage) -> int:
    """Count the weighted layers along the trunks: stem, three per residual unit, classifier (LARNET-E3)."""
    units = sum(type(m).__name__ == "ResidualUnit" for m in stage.last)
    for modules in stage.levels:
        for module in modules:
            units += 1 if type(module).__name__ == "ResidualUnit" else 2 + len(module.trunk)
    return 2 + 3 * units

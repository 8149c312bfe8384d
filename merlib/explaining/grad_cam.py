"""Grad-CAM, computed by captum: the places of a network's last feature map that raise the score of a class.

Selvaraju et al. 2017: with A_k the k-th channel of a feature map and y_c the score of class c,

``w_k = mean over places of dy_c / dA_k;   map = relu(sum_k w_k A_k)``.

AM3F-FlowNet (Sec. 4.6, Fig. 6) uses the joined maps of the three flows after MOFRW, Dual-ATME (Sec. 4.4.1, Fig. 7)
those of both branches. Neither prints for which class; here it is the clip's label, so that a map shows what raises the
score of this emotion. Both feature maps are 7 x 7 and are enlarged bilinearly, so a place in a 28 x 28 map is known
only to four pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from merlib.errors import MerlibError
from merlib.models.am3f_flownet import AM3FFlowNet
from merlib.models.dual_atme import DualATME
from merlib.models.larnet import LARNet

ROWS_AT_ONCE = 64


class Place(NamedTuple):
    """Where Grad-CAM reads a network: `forward` (from a mapping of inputs to outputs) passes through `layer`."""

    forward: Callable[[Mapping[str, Tensor]], Tensor | tuple]
    layer: nn.Module


class AfterMOFRW(nn.Module):
    """AM3F-FlowNet in which the joined maps (N, 264, 7, 7) after MOFRW are the output of a layer, `joined`.

    The network's own reweighting returns (N, 3, 88, 7, 7), whose second axis is not that of channels; Grad-CAM needs
    one axis of channels.
    """

    def __init__(self, model: AM3FFlowNet):
        super().__init__()
        self.model, self.joined = model, nn.Identity()

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the logits (N, classes) of the network itself."""
        features = self.joined(self.model(inputs).features)
        return self.model.classifier(self.model.dropout(features.flatten(1)))


def places(model: nn.Module) -> dict[str, Place]:
    """Return where Grad-CAM reads a network of the papers, by the name of the input that the map belongs to.

    Raises
    ------
    MerlibError
        For another network than AM3F-FlowNet, Dual-ATME and LARNet.
    """
    if isinstance(model, AM3FFlowNet):
        split = AfterMOFRW(model)
        return {"flow": Place(split, split.joined)}
    if isinstance(model, DualATME):
        last = {
            name: model.attention[name] if name in model.attention else model.inceptions[name]
            for name in model.input_names
        }
        return {name: Place(model, layer) for name, layer in last.items()}
    if isinstance(model, LARNet):
        return {model.input_name: Place(model, model.stages[-1].last)}
    raise MerlibError(
        f"Grad-CAM of {type(model).__name__}.",
        "AM3FFlowNet, DualATME or LARNet.",
        "hand a Place with its forward and its last feature map to grad_cam.",
    )


def grad_cam(
    place: Place, inputs: Mapping[str, Tensor], classes: Sequence[int], size: tuple[int, int] = (28, 28)
) -> np.ndarray:
    """Return how much each place raises the logit of a class.

    Parameters
    ----------
    place : Place
        Where the network is read; its layer returns (N, C, h, w). The network is in evaluation mode meanwhile.
    inputs : mapping of str to Tensor (N, ...)
        Inputs, normalised as in training.
    classes : sequence of int (N,)
        For each row the class whose score is explained.
    size : (int, int)
        Rows and columns to which the map is enlarged, bilinearly.

    Returns
    -------
    float32 array (N, *size)
        Never negative; zero everywhere when no place raises the score.

    Raises
    ------
    MerlibError
        When there is not one class for each row.
    """
    from captum.attr import LayerAttribution, LayerGradCam

    names, rows = tuple(inputs), len(next(iter(inputs.values())))
    if len(classes) != rows:
        raise MerlibError(
            f"{len(classes)} classes for {rows} rows.", "one for each row.", "hand over the labels of the rows."
        )

    def logits(*tensors: Tensor) -> Tensor:
        outputs = place.forward(dict(zip(names, tensors, strict=True)))
        return outputs if isinstance(outputs, Tensor) else outputs[0]

    method, asked, parts = LayerGradCam(logits, place.layer), torch.as_tensor(np.asarray(classes)), []
    whole = place.forward if isinstance(place.forward, nn.Module) else place.layer
    training = whole.training
    try:
        whole.eval()
        for start in range(0, rows, ROWS_AT_ONCE):
            chosen = slice(start, start + ROWS_AT_ONCE)
            some = tuple(values[chosen] for values in inputs.values())
            small = method.attribute(some, asked[chosen], relu_attributions=True)  # (n, 1, h, w)
            parts.append(LayerAttribution.interpolate(small, size, interpolate_mode="bilinear")[:, 0].detach())
    finally:
        whole.train(training)
    return torch.cat(parts).numpy().astype(np.float32)

"""Small models for the tests of training, in a file of their own so that worker processes can import them."""

from __future__ import annotations

import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from torch import nn

from merlib.models.blocks.state_dicts import load_weights


class ToyNet(nn.Module):
    """One line through the pixels, with batch norm and dropout so that chance and batches matter."""

    input_name = "flow"

    def __init__(self, classes: int = 3, pixels: int = 108, dropout: float = 0.2):
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(pixels, classes)

    def forward(self, inputs):
        return self.classifier(self.dropout(self.norm(inputs["flow"]).flatten(1)))


class StartedNet(ToyNet):
    """A toy that takes pretrained weights, and ImageNet's under its own names."""

    def load_pretrained(self, state):
        load_weights("started_net", self, state, skip=("classifier.",))

    load_resnet = load_pretrained


class TwoInputs(nn.Module):
    """Reads two inputs and has a loss of its own: one value a row."""

    input_names = ("flow", "puzzle")

    def __init__(self, classes: int = 3, pixels: int = 108):
        super().__init__()
        self.classifier = nn.Linear(2 * pixels, classes)
        self.offset = nn.Parameter(torch.ones(()))

    def forward(self, inputs):
        return self.classifier(torch.cat([inputs[name].flatten(1) for name in self.input_names], 1))

    def auxiliary_loss(self, outputs, labels):
        return self.offset.expand(len(labels)) ** 2


def flatten(x):
    return x.reshape(len(x), -1)


def forest(classes: int = 3):
    """An estimator inside a pipeline that draws random numbers."""
    return make_pipeline(FunctionTransformer(flatten), RandomForestClassifier(n_estimators=5, max_features=1))


class PlainNet(nn.Module):
    """One line through the pixels and nothing that undoes a normalisation of its input."""

    input_name = "flow"

    def __init__(self, classes: int = 3, pixels: int = 108):
        super().__init__()
        self.classifier = nn.Linear(pixels, classes)

    def forward(self, inputs):
        return self.classifier(inputs["flow"].flatten(1))

"""Names of the models and how each is built; modules are imported only when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from inspect import signature

from merlib.errors import MerlibError, unknown_name

# name: (module, factory)
_MODELS = {
    "am3f_flownet": ("merlib.models.am3f_flownet", "AM3FFlowNet"),
    "astnet": ("merlib.models.astnet", "ASTNet"),
    "dual_atme": ("merlib.models.dual_atme", "DualATME"),
    "larnet": ("merlib.models.larnet", "LARNet"),
    "uamrn": ("merlib.models.uamrn", "UAMRN"),
    "off_apexnet": ("merlib.models.baselines.off_apexnet", "OFFApexNet"),
    "dual_inception": ("merlib.models.baselines.dual_inception", "DualInception"),
    "resnet18": ("merlib.models.baselines.resnet", "ResNet18OnMaps"),
    "rcn": ("merlib.models.baselines.rcn", "RCN"),
    "capsulenet": ("merlib.models.baselines.capsulenet", "CapsuleNet"),
    "mmnet": ("merlib.models.baselines.mmnet", "MMNet"),
    "microexpstcnn": ("merlib.models.baselines.microexpstcnn", "MicroExpSTCNN"),
    "htnet": ("merlib.models.baselines.htnet", "HTNet"),
    "ststnet": ("merlib.models.baselines.ststnet", "STSTNet"),
    "linear": ("merlib.models.baselines.linear", "linear_on_pixels"),
}


def available() -> tuple[str, ...]:
    """Return the names `build_model` knows, sorted."""
    return tuple(sorted(_MODELS))


def register_model(name: str, module: str, factory: str) -> None:
    """Add a model of your own under `name`: the class or function `factory` of the module path `module`."""
    _MODELS[name] = (module, factory)


def model_factory(name: str) -> tuple[str, str]:
    """Return the module path that defines model `name` and the class or function in it, as `register_model` takes."""
    if name not in _MODELS:
        raise unknown_name("model", name, _MODELS)
    return _MODELS[name]


def model_module(name: str) -> str:
    """Return the module path that defines model `name`."""
    return model_factory(name)[0]


def build_model(name: str, classes: int = 3, **options: object):
    """Build a network (`torch.nn.Module`) or an estimator (scikit-learn) by name.

    Parameters
    ----------
    name : str
        One of `available()`.
    classes : int
        Number of classes.
    **options
        Options of that model, such as ``mofrw=False``.

    Raises
    ------
    MerlibError
        When the name or an option is unknown; the valid ones are listed.
    """
    module, attribute = model_factory(name)
    factory = getattr(import_module(module), attribute)
    parameters = [p for p in signature(factory).parameters.values() if p.kind is not p.VAR_KEYWORD]
    valid = [p.name for p in parameters if p.name != "classes"]
    for option in options:
        if option not in valid:
            raise unknown_name(f"option of {name}", option, valid)
    return factory(classes=classes, **options)


def load_by_layer_order(model, state: Mapping[str, object]) -> None:
    """Copy `state` into `model` by the order of its tensors, when the names of a published file differ.

    Parameters
    ----------
    model : torch.nn.Module
        The network; its own order of parameters and buffers counts.
    state : mapping of str to Tensor
        A state dict with as many tensors of the same shapes in the same order of layers.

    Raises
    ------
    MerlibError
        When the number of tensors or a shape differs; the model is left untouched.
    """
    own = model.state_dict()
    pairs = list(zip(own.items(), state.items(), strict=False))
    for (name, mine), (theirs, tensor) in pairs:
        if mine.shape != tensor.shape:
            raise MerlibError(
                f"tensor {theirs!r} {tuple(tensor.shape)} where {name!r} {tuple(mine.shape)} is due.",
                "the same shapes in the same order.",
                "check which model and how many classes the weights are for.",
            )
    if len(own) != len(state):
        raise MerlibError(
            f"{len(state)} tensors for a model of {len(own)}.", "as many.", "check which model they are for."
        )
    model.load_state_dict({name: tensor for (name, _), (_, tensor) in pairs})

"""The names of the models and how each is built; a model's module is imported only when that model is built."""

from __future__ import annotations

from importlib import import_module
from inspect import signature

from merlib.errors import MerlibError, unknown_name

CLASSES = ("classes", "num_classes", "n_classes", "n_outputs")  # what a constructor may call the number of classes

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
    "bi_woof": ("merlib.models.handcrafted.bi_woof", "bi_woof"),
    "bi_woof_maps": ("merlib.models.handcrafted.bi_woof", "bi_woof_maps"),
    "hoof": ("merlib.models.handcrafted.hoof", "hoof"),
    "hoof_maps": ("merlib.models.handcrafted.hoof", "hoof_maps"),
    "lbp_sip": ("merlib.models.handcrafted.lbp_sip", "lbp_sip"),
    "lbp_top": ("merlib.models.handcrafted.lbp_top", "lbp_top"),
    "mdmo": ("merlib.models.handcrafted.mdmo", "mdmo"),
    "mdmo_maps": ("merlib.models.handcrafted.mdmo", "mdmo_maps"),
    "majority": ("merlib.models.baselines.humble", "majority_class"),
    "rbf_svm": ("merlib.models.baselines.humble", "rbf_svm_on_pixels"),
    "extra_trees": ("merlib.models.baselines.humble", "extra_trees_on_pixels"),
    "humble_mean": ("merlib.models.baselines.humble", "mean_of_humble"),
    "champion": ("merlib.models.champion", "Champion"),
    "chosen_views": ("merlib.models.chosen_views", "ChosenViews"),
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
        Number of classes; a constructor may call it ``num_classes``, ``n_classes`` or ``n_outputs`` as well.
    **options
        Options of that model, such as ``mofrw=False``.

    Raises
    ------
    MerlibError
        When the name or an option is unknown; the valid ones are listed.
    """
    module, attribute = model_factory(name)
    factory = getattr(import_module(module), attribute, None)
    if factory is None:
        raise MerlibError(
            f"{module} has no {attribute}, as which the model {name} is registered.",
            "a class or function of that module.",
            f"correct the name in register_model({name!r}, {module!r}, ...).",
        )
    parameters = signature(factory).parameters.values()
    valid = [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]
    number = next((word for word in CLASSES if word in valid), None)
    if number is None and len(valid) == len(parameters):
        raise MerlibError(
            f"{name}: {attribute}({', '.join(valid)}) takes no number of classes.",
            f"a parameter called {' or '.join(CLASSES)}, the number of classes that the samples have.",
            "add it: def __init__(self, classes=3), and let the last layer have as many outputs.",
        )
    valid = [each for each in valid if each != number]
    for option in options:
        if option not in valid:
            raise unknown_name(f"option of {name}", option, valid)
    return factory(**{number or "classes": classes}, **options)

"""Names of the models and how each is built; modules are imported only when asked for."""

from __future__ import annotations

from importlib import import_module
from inspect import signature

from merlib.errors import unknown_name

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

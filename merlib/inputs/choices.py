"""The choices by which an input is computed from a clip, as one frozen object, and the papers' own choices."""

from __future__ import annotations

from dataclasses import dataclass

from merlib.clips.samples import DRAWN, UNITS
from merlib.errors import MerlibError, unknown_name
from merlib.faces.landmarks import BACKEND_WEIGHTS
from merlib.motion.apex import METHODS as APEX_METHODS
from merlib.motion.flow import METHODS as FLOW_METHODS
from merlib.motion.magnification.magnify import MAGNET_WEIGHTS, choose_method
from merlib.sources.weights import weights_digest

MEASURED_FLOWS = ("flow", "puzzle", "flow_sequence", "onset_flows", "step_flows")  # what a method of flow measures
FEATURES = (*MEASURED_FLOWS, "frames", "apex", "onset_apex", "magnified")
STEADIED = ("flow", "puzzle", "flow_sequence", "magnified")  # before which the head can be held still
TRUTH = "truth"
MEASURED = 112  # smallest side of the frames on which a flow sequence is measured, even if its maps are smaller
WINDOWS, STEADY = ("rise", "around"), ("none", "affine")
MOTION_WEIGHTS = (*(name for names in BACKEND_WEIGHTS.values() for name in names), "liteflownet", MAGNET_WEIGHTS)


@dataclass(frozen=True)
class Preprocessing:
    """How one kind of input is computed: everything that changes its values.

    Parameters
    ----------
    feature : str
        Kind of input, one of `FEATURES`.
    size : int
        Side of the maps or pictures, px.
    unit : {'minmax255', 'px', 'rgb'}
        Unit of flows: each channel of a map stretched to 0..255, as in the public maps; pixels of the cut face; or
        ``rgb``, a flow sequence drawn with the colours of the colour wheel, 0..1, as ASTNet does.
    flow : str
        Method of `dense_flow`; ``truth`` takes the synthetic twin's true motion.
    apex : {'sheet', 'divide_and_conquer', 'exhaustive', 'middle'}
        Where the apex comes from. ``sheet`` takes the annotated one, and spots it by D&C-RoIs only where there is none.
    crop : (int, int)
        Rows and columns of the cut face on which motion is measured: AM3F's 170 x 140; Dual-ATME prints no size.
    backend : str
        Backend of `merlib.faces.find_faces`; ``given`` takes the twin's true landmarks.
    regions : (str, str)
        Regions in the upper and the lower half of the puzzle.
    factor : float
        Total magnification before a flow sequence is measured; 1 leaves the frames as they are.
    window : {'rise', 'around'}
        Frames of a flow sequence: evenly from onset to apex, or successive ones centred on the apex.
    steady : {'none', 'affine'}
        ``affine`` holds the head still (`merlib.motion.steadying`) before ``flow``, ``puzzle`` and ``flow_sequence``
        are measured and before ``magnified`` is magnified; for other features it is an error. UAMRN Sec. 4.3 wants it;
        in other papers it is an option.
    magnifier : str
        Method of `magnify`; ``auto`` is replaced by the method that it stands for.
    length : int
        Frames per clip, spread evenly from onset to offset (``frames``, and ``onset_flows`` and ``step_flows``, which
        have one flow less), or amplification factors from 2 to 12 (``magnified``).
    cut : bool
        ``False`` leaves ``frames`` uncut, only reduced to the size (LARNet Fig. 12).
    less_onset : bool
        Whether the onset frame is subtracted from later ``frames``, which keeps what moved and removes most of who
        it is.
    even_light : bool
        Whether frames are scaled to the onset's brightness before flow is measured; no paper mentions it.
    """

    feature: str = "flow"
    size: int = 28
    unit: str = "minmax255"
    flow: str = "tvl1"
    apex: str = "sheet"
    crop: tuple[int, int] = (170, 140)
    backend: str = "mesh"
    regions: tuple[str, str] = ("eyebrows", "mouth")
    factor: float = 1.0
    window: str = "rise"
    steady: str = "none"
    magnifier: str = "auto"
    length: int = 1
    cut: bool = True
    less_onset: bool = False
    even_light: bool = True

    def __post_init__(self) -> None:
        drawn = (DRAWN,) if self.feature == "flow_sequence" else ()
        known = {
            **{"feature": FEATURES, "unit": (*UNITS, *drawn), "flow": (*FLOW_METHODS, TRUTH)},
            **{"apex": ("sheet", *APEX_METHODS), "window": WINDOWS, "steady": STEADY},
        }
        for name, values in known.items():
            if getattr(self, name) not in values:
                raise unknown_name(name, getattr(self, name), values)
        if self.steady != "none" and self.feature not in STEADIED:
            raise MerlibError(
                f"{self.feature} with steady={self.steady!r}.",
                f"a head held still for {', '.join(STEADIED)} alone; {self.feature} is computed without that step.",
                "leave steady out.",
            )
        object.__setattr__(self, "magnifier", choose_method(self.magnifier))

    @property
    def magnifies(self) -> bool:
        """Whether this input is magnified."""
        return self.feature == "magnified" or (self.feature == "flow_sequence" and self.factor != 1)

    @property
    def weights(self) -> dict[str, str]:
        """Digests, by name, of the weights files on which the values depend: of landmarks, flow and magnifier."""
        names = list(BACKEND_WEIGHTS.get(self.backend, ()))
        if self.flow == "liteflownet" and self.feature in MEASURED_FLOWS:
            names.append("liteflownet")
        if self.magnifies and self.magnifier == "magnet":
            names.append(MAGNET_WEIGHTS)
        return {name: weights_digest(name) for name in names}


# The choices that each paper prints, and ten frames for the hand-crafted methods. ASTNet's LiteFlowNet needs weights
# that no package contains, so DIS replaces it unless another method is named.
DEFAULTS: dict[str, dict[str, object]] = {
    "flow": {},
    "puzzle": {},
    "flow_sequence": {"size": 224, "flow": "dis", "factor": 3.0},
    "onset_flows": {"size": 112, "length": 10, "unit": "px"},
    "step_flows": {"size": 112, "length": 10, "unit": "px"},
    "frames": {"size": 224, "length": 8},
    "apex": {"size": 224},
    "onset_apex": {"size": 224},
    "magnified": {"size": 224, "length": 32, "steady": "affine"},
}


def preprocessing(feature: str, **choices: object) -> Preprocessing:
    """Return how a feature is computed: as its paper says (`DEFAULTS`), except for `choices`.

    Raises
    ------
    MerlibError
        For an unknown feature, choice or value.
    """
    if feature not in FEATURES:
        raise unknown_name("feature", feature, FEATURES)
    for name in choices:
        if name not in Preprocessing.__dataclass_fields__ or name == "feature":
            raise unknown_name("choice", name, [f for f in Preprocessing.__dataclass_fields__ if f != "feature"])
    return Preprocessing(feature=feature, **{**DEFAULTS[feature], **choices})

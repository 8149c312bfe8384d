"""The synthetic twin: as many subjects, and clips of each class, as the real data sets, drawn from a seed.

``merlib.clips.landmarks68`` is the face, ``action_units`` moves it, ``emotions`` says which units a class shows,
``population`` plans subjects and clips, ``flow`` draws the plans as flow maps, ``rendering`` as frames. Everything made
from it is SYNTHETIC.
"""

from merlib.clips.landmarks68 import canonical_face, crop_grid, face_to_map, map_to_face
from merlib.datasets.twin.action_units import ACTION_UNITS, displacement
from merlib.datasets.twin.flow import flow_maps, true_motion, twin_samples
from merlib.datasets.twin.population import POPULATIONS, ClipPlan, plan_population

__all__ = [
    "ACTION_UNITS",
    "POPULATIONS",
    "ClipPlan",
    "canonical_face",
    "crop_grid",
    "displacement",
    "face_to_map",
    "flow_maps",
    "map_to_face",
    "plan_population",
    "true_motion",
    "twin_samples",
]

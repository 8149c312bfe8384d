"""Find a face and its 68 landmarks, align and crop it, bring it to a reference face, and cut regions of interest."""

from merlib.faces.alignment import AlignedClip, FaceCrop, align_clip, crop_box, eye_angle, plan_crop
from merlib.faces.face import Face
from merlib.faces.landmarks import BACKENDS, find_faces, one_face
from merlib.faces.normalisation import LocalWeightedMean, NormalisedClip, normalise_clip, reference_face
from merlib.faces.regions import (
    REGIONS,
    cut_box,
    face_puzzle,
    hars_boxes,
    region_boxes,
)

__all__ = [
    "BACKENDS",
    "REGIONS",
    "AlignedClip",
    "Face",
    "FaceCrop",
    "LocalWeightedMean",
    "NormalisedClip",
    "align_clip",
    "crop_box",
    "cut_box",
    "eye_angle",
    "face_puzzle",
    "find_faces",
    "hars_boxes",
    "normalise_clip",
    "one_face",
    "plan_crop",
    "reference_face",
    "region_boxes",
]

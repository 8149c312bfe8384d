"""What each emotion looks like: alternative patterns of action units, and which emotions a class label holds.

The patterns follow FACS's emotion prototypes (Ekman and Friesen) and what Dual-ATME Fig. 3 reports of the real
data sets: brows and mouth dominate. Weak and overlapping classes are wanted: disgust, repression and others
share AU 4, 7, 14 and 17, as in the confusion matrices of AM3F-FlowNet (Fig. 5) and ASTNet (Fig. 13).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Pattern = Mapping[str, float]  # action unit -> activation relative to the clip's intensity

# Patterns of one emotion are equally likely for the average person; a person has a taste among them.
EMOTIONS: Mapping[str, tuple[Pattern, ...]] = MappingProxyType(
    {
        "happiness": ({"12": 1.0}, {"6": 0.8, "12": 1.0}, {"12": 1.0, "14": 0.4}, {"6": 0.6, "12": 0.9, "25": 0.4}),
        "surprise": ({"1": 1.0, "2": 1.0}, {"1": 0.8, "2": 1.0, "5": 0.7}, {"2": 1.0}, {"1": 1.0, "2": 0.8, "25": 0.7}),
        "disgust": ({"4": 1.0, "7": 0.8}, {"4": 0.7, "9": 1.0}, {"10": 1.0, "4": 0.5}, {"4": 0.8, "7": 0.6, "10": 0.6}),
        "repression": ({"14": 1.0, "17": 0.6}, {"15": 1.0, "17": 0.6}, {"12": 0.6, "24": 0.8}, {"17": 1.0, "24": 0.6}),
        "others": (
            {"4": 1.0},
            {"4": 0.8, "7": 0.6},
            {"14": 0.9},
            {"4": 0.6, "17": 0.7},
            {"1": 0.7, "4": 0.7},
            {"7": 1.0},
        ),
        "anger": ({"4": 1.0}, {"4": 0.9, "7": 0.8}, {"23": 0.9, "24": 0.7, "7": 0.4}, {"4": 0.8, "5": 0.5, "7": 0.6}),
        "contempt": ({"L14": 1.2}, {"R14": 1.2}, {"14": 1.0}, {"L12": 0.7, "L14": 0.6}, {"R12": 0.7, "R14": 0.6}),
        "fear": ({"1": 0.7, "4": 0.9, "20": 0.7}, {"4": 0.8, "5": 0.9}, {"20": 1.0, "25": 0.5, "4": 0.5}),
        "sadness": ({"1": 0.6, "4": 0.9, "15": 0.6}, {"15": 1.0, "17": 0.6}, {"4": 0.9, "17": 0.6}),
    }
)

_NEGATIVE = {
    # CASME II keeps disgust and repression in the composite, SAMM's figures are those of its sheet; SMIC records
    # only the polarity, so its mixture is ours (ASTNet 4.1 names sadness, fear and disgust).
    "casme2": {"disgust": 63, "repression": 27},
    "samm": {"anger": 57, "contempt": 12, "disgust": 9, "fear": 8, "sadness": 6},
    "smic": {"disgust": 40, "sadness": 15, "fear": 15},
}


def mixture(dataset: str, class_name: str) -> Mapping[str, float]:
    """Return the emotions behind a class label and their weights.

    Parameters
    ----------
    dataset : str
        ``casme2``, ``samm`` or ``smic``: polarity labels hold different emotions in each.
    class_name : str
        An emotion, which stands for itself, or a polarity.
    """
    if class_name == "negative":
        return MappingProxyType(_NEGATIVE[dataset])
    name = {"positive": "happiness", "other": "others"}.get(class_name, class_name)
    return MappingProxyType({name: 1.0})

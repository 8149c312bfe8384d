"""Decide which class a clip has when sheet, folder and name disagree."""

from __future__ import annotations

from merlib.datasets.official.cells import Annotation
from merlib.datasets.official.findings import Findings
from merlib.datasets.official.folders import ClipFolder
from merlib.datasets.official.sets import OfficialSet


def decide_class(
    official: OfficialSet, annotation: Annotation, clip: ClipFolder | None, findings: Findings
) -> str | None:
    """Return a clip's class: the sheet's, unless the clip's name says another and no folder contradicts the name.

    Parameters
    ----------
    official : OfficialSet
        The data set's forms.
    annotation : Annotation
        What the sheet says.
    clip : ClipFolder or None
        Where its frames lie. In a layout without class folders the name alone decides against the sheet.
    findings : Findings
        Receives a note or an error when the three disagree.
    """
    folder = official.label(clip.class_name) if clip and clip.class_name is not None else None
    named = official.class_in_clip(annotation.clip)
    if annotation.label is None or (folder or named) in (None, annotation.label):
        return annotation.label
    if folder in (None, named):
        findings.add(
            "note",
            "class-by-name",
            f"row {annotation.line} says another class than the clip's name{' and its folder' if folder else ''}.",
            "one class.",
            "the class that the clip's name says is taken.",
            clip=annotation.key,
        )
        return named
    findings.add(
        "error",
        "class-disagrees",
        f"row {annotation.line} says another class than the folder.",
        "one class.",
        "find out which is the owners'; the sheet's is used.",
        clip=annotation.key,
    )
    return annotation.label

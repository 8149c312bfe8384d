"""Which class a clip has where sheet, folder and name do not say the same."""

from __future__ import annotations

from merlib.datasets.official.cells import Annotation
from merlib.datasets.official.findings import Findings
from merlib.datasets.official.folders import ClipFolder
from merlib.datasets.official.sets import OfficialSet


def decide_class(
    official: OfficialSet, annotation: Annotation, clip: ClipFolder | None, findings: Findings
) -> str | None:
    """Return a clip's class: the sheet's, unless its name says another and its folder agrees with the name.

    Parameters
    ----------
    official : OfficialSet
        The data set's forms.
    annotation : Annotation
        What the sheet says.
    clip : ClipFolder or None
        Where its frames lie; in a layout without class folders the name alone decides.
    findings : Findings
        Receives where the three disagree.
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

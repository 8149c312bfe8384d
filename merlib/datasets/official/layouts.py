"""Match files to a layout of clips; the layout's pattern comes from a manifest, or from a user for data of their own.

A pattern is the path of one frame below the folder that a user names, such as
``SMIC_all_cropped/HS/{subject}/micro/{class}/{clip}/reg_image{frame}.bmp``. A pattern that ends with ``{clip}`` and a
file extension, such as ``{clip}.avi``, means that each clip is one video. The extension is the one that the owners use,
but files of any other known picture format (or video format) match as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from merlib.errors import MerlibError
from merlib.sources import load_manifest

PICTURES = ("jpg", "jpeg", "bmp", "png", "tif", "tiff")
VIDEOS = ("avi", "mp4")
_FIELD = re.compile(r"\{(subject|class|clip|frame)(:[^}]*)?\}")


@dataclass(frozen=True)
class FrameLayout:
    """One arrangement of clips.

    Parameters
    ----------
    name : str
        Name in the manifest, such as ``cropped``.
    pattern : str
        Where a frame or a video lies; see the module's docstring.
    beside : tuple of str
        Sister folders that hold other recordings of the same people and are not read.
    beyond_movement : bool
        Whether clips have frames before the onset and after the offset.

    Raises
    ------
    MerlibError
        For a pattern without ``{subject}``, or without ``{clip}`` below it.
    """

    name: str
    pattern: str
    beside: tuple[str, ...] = ()
    beyond_movement: bool = False

    def __post_init__(self) -> None:
        parts = self.pattern.split("/")
        ending = parts[-1].rpartition(".")[2].lower()
        fits = "{subject}" in parts[:-1] and (
            ("{frame" in parts[-1] and parts[-2:-1] == ["{clip}"] and ending in PICTURES)
            or (parts[-1].startswith("{clip}.") and ending in VIDEOS)
        )
        if not fits:
            raise MerlibError(
                f"layout {self.pattern!r}.",
                f"folders with {{subject}}, then {{clip}}/<name>{{frame}}.<{', '.join(PICTURES)}> or "
                f"{{clip}}.<{', '.join(VIDEOS)}>.",
                "for example Cropped/{subject}/{clip}/img{frame}.jpg.",
            )

    @cached_property
    def is_video(self) -> bool:
        """Whether a clip is one video file instead of a folder of pictures."""
        return "{frame" not in self.pattern

    @property
    def clip_form(self) -> str:
        """What a clip is here, in the words of a finding."""
        return "video" if self.is_video else "folder of frames"

    @cached_property
    def root(self) -> str:
        """Folder that holds the subjects' folders, relative to the folder that the owners hand out."""
        return self.pattern.partition("{subject}")[0].rstrip("/")

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """Names of the folders between the subject's and the clip's; ``{class}`` stands for any name."""
        below = self.pattern.split("/")[self.pattern.split("/").index("{subject}") + 1 :]
        return tuple(below[: -1 if self.is_video else -2])

    @cached_property
    def _file(self) -> re.Pattern[str]:
        stem = self.pattern.rsplit("/", 1)[1].rpartition(".")[0]
        form = "".join(
            {"frame": r"(\d+)", "clip": r"(.+)"}.get(part, ".+?") if is_field else re.escape(part)
            for part, is_field in _split(stem)
        )
        return re.compile(rf"{form}\.(?:{'|'.join(VIDEOS if self.is_video else PICTURES)})", re.IGNORECASE)

    def number(self, filename: str) -> int | None:
        """Return the frame number in a file name, or None when it is no frame of this layout."""
        match = None if self.is_video or filename.startswith(".") else self._file.fullmatch(filename)
        return int(match.group(1)) if match else None

    def clip(self, filename: str) -> str | None:
        """Return the clip that a video file holds, or None when it is no video of this layout."""
        match = self._file.fullmatch(filename) if self.is_video and not filename.startswith(".") else None
        return match.group(1) if match else None

    def frame_name(self, subject: str, number: int) -> str:
        """Return a frame's file name as the owners write it."""
        return self.pattern.rsplit("/", 1)[1].format(subject=subject, frame=number)

    def told(self, subject: str) -> str:
        """Return the layout in readable form for a message, with `subject` as an example."""
        shown = _FIELD.sub(lambda m: subject if m.group(1) == "subject" else f"<{m.group(1)}>", self.pattern)
        return re.sub(r"\.\w+$", f".{{{','.join(VIDEOS if self.is_video else PICTURES)}}}", shown)


def _split(text: str) -> list[tuple[str, bool]]:
    """Return the pieces of a pattern: plain text with False, and names of fields with True."""
    pieces, end = [], 0
    for match in _FIELD.finditer(text):
        pieces += [(text[end : match.start()], False), (match.group(1), True)]
        end = match.end()
    return [*pieces, (text[end:], False)]


def official_layouts(name: str) -> tuple[FrameLayout, ...]:
    """Return the published layouts of a data set, in the order in which they are looked for."""
    return tuple(
        FrameLayout(each.name, each.pattern, each.beside, each.beyond_movement) for each in load_manifest(name).layouts
    )

"""Decode every frame of a clip and compare it with its neighbours; one call per clip, so that clips run in parallel."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass

import numpy as np
from PIL import Image

from merlib.datasets.official.findings import Findings
from merlib.datasets.official.image_frames import ImageFrames, decode, is_turned
from merlib.datasets.official.video_frames import VideoFrames, video_rate
from merlib.errors import MerlibError
from merlib.opening import read_file

_RESTORE = "restore the frame from the data set."
FORMATS = {"jpg": "JPEG", "jpeg": "JPEG", "bmp": "BMP", "png": "PNG", "tif": "TIFF", "tiff": "TIFF"}
GREY_WITHIN = 3  # levels by which the channels of a grey picture may differ


@dataclass(frozen=True)
class CheckedClip:
    """What the frames of one clip look like.

    Attributes
    ----------
    key : str
        ``subject/clip``.
    findings : Findings
        What is wrong with single frames.
    checked : int
        How many frames could be decoded.
    size : (int, int) or None
        Width and height of most frames, px.
    grey : tuple of int
        Numbers of the frames without colour.
    coloured : tuple of int
        Numbers of the frames with colour.
    digest : str
        SHA-256 over the content of all frames; empty when not all were decoded.
    """

    key: str
    findings: Findings
    checked: int
    size: tuple[int, int] | None
    grey: tuple[int, ...]
    coloured: tuple[int, ...]
    digest: str


def check_frames(key: str, source: ImageFrames | VideoFrames, quick: bool = False) -> CheckedClip:
    """Decode a clip's frames and return what they look like, with a finding for each problem.

    Parameters
    ----------
    key : str
        ``subject/clip``.
    source : ImageFrames or VideoFrames
        Its frames.
    quick : bool
        Look at the first frame only.
    """
    if isinstance(source, VideoFrames):
        return _check_video(key, source, quick)
    findings = Findings()
    turned: list[int] = []
    sizes: dict[int, tuple[int, int]] = {}
    grey: list[int] = []
    coloured: list[int] = []
    digest, last = hashlib.sha256(), b""
    for index, number in enumerate(source.numbers[:1] if quick else source.numbers):
        number = int(number)
        try:
            content = read_file(source.path(index))
            if content:  # an empty file was reported when the files were listed
                picture = decode(source.path(index), content)
        except OSError as error:
            _add(findings, "frame-unreadable", f"unreadable ({error.strerror}).", "a whole picture.", key, number)
            continue
        except MerlibError as problem:
            kind = "truncated" if problem.found.startswith("truncated") else "unreadable"
            # the file's path is left out: clip and frame say where it is
            _add(findings, f"frame-{kind}", f"{problem.found.split(':')[0]}.", problem.expected, key, number)
            continue
        if not content:
            continue
        same = hashlib.sha256(content).digest()
        digest.update(same)
        if same == last:
            _add(
                findings,
                "frame-duplicate",
                f"the same bytes as the frame before (SHA-256 {same.hex()[:16]}).",
                "frames that differ.",
                key,
                number,
                "warning",
                "look whether a frame was lost and filled by its neighbour; motion is zero here.",
            )
        last = same
        sizes[number] = picture.size
        ending = source.files[index].rpartition(".")[2].lower()
        if picture.format != FORMATS[ending]:
            expected = f"{FORMATS[ending]}, as its name says."
            _add(findings, "frame-format", f"a {picture.format} file named .{ending}.", expected, key, number)
        if is_turned(picture):
            turned.append(number)
        (grey if _is_grey(picture) else coloured).append(number)
    if turned:
        _add(
            findings,
            "frame-turned",
            f"{len(turned)} frames are stored turned, with a mark (Exif orientation) that says so; first this one.",
            "pixels as they are seen.",
            key,
            turned[0],
            "warning",
            "they are read upright, as viewers show them; other programs may not do so.",
        )
    size = Counter(sizes.values()).most_common(1)[0][0] if sizes else None
    for number, other in sizes.items():
        if other != size:
            _add(findings, "frame-size", f"{_told(other)}.", f"{_told(size)}, as most frames of the clip.", key, number)
    whole = len(sizes) == len(source.files) > 0
    return CheckedClip(
        key, findings, len(sizes), size, tuple(grey), tuple(coloured), digest.hexdigest() if whole else ""
    )


def _check_video(key: str, source: VideoFrames, quick: bool) -> CheckedClip:
    findings, digest = Findings(), hashlib.sha256()
    size, grey, coloured, checked = None, [], [], 0
    for index, number in enumerate(source.numbers[:1] if quick else source.numbers):
        try:
            picture = source.read(index)
        except MerlibError as problem:
            expected = f"{len(source.numbers)} frames, as the file's header says."
            _add(findings, "frame-unreadable", problem.found, expected, key, int(number))
            break
        checked, size = checked + 1, picture.shape[1::-1]
        digest.update(picture.tobytes())
        (grey if _is_grey(Image.fromarray(picture)) else coloured).append(int(number))
    if not quick and checked and video_rate(source.video)[1]:
        findings.add(
            "warning",
            "frame-rate-varies",
            "the intervals between the video's frames differ.",
            "one interval, so that frames count time.",
            "record or convert it with a constant rate; durations in frames are no durations in seconds here.",
            clip=key,
        )
    whole = checked == len(source.numbers) > 0
    return CheckedClip(key, findings, checked, size, tuple(grey), tuple(coloured), digest.hexdigest() if whole else "")


def _add(
    findings: Findings,
    rule: str,
    what: str,
    expected: str,
    key: str,
    number: int,
    severity: str = "error",
    action: str = _RESTORE,
) -> None:
    findings.add(severity, rule, what, expected, action, clip=key, frame=number)


def _is_grey(picture: Image.Image) -> bool:
    if picture.mode in ("1", "L", "LA", "I;16"):
        return True
    pixels = np.asarray(picture.convert("RGB"))
    # in most colour frames every 64th pixel already shows a colour; only if none does are all pixels compared
    return all(int(np.ptp(part, axis=2).max(initial=0)) <= GREY_WITHIN for part in (pixels[::8, ::8], pixels))


def _told(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]} pixels"


def compare_clips(clips: list[CheckedClip], colour: bool | None, one_size: bool, findings: Findings) -> None:
    """Report clips whose colour or frame size differs from the rest of the set, and clips that equal each other.

    Parameters
    ----------
    clips : list of CheckedClip
        Every clip of the set.
    colour : bool or None
        Whether the set is in colour; None means that the majority of frames decides.
    one_size : bool
        Whether all clips of the set have one frame size.
    findings : Findings
        Receives the differences.
    """
    if colour is None:
        colour = sum(len(clip.coloured) for clip in clips) >= sum(len(clip.grey) for clip in clips)
    for clip in clips:
        odd = clip.grey if colour else clip.coloured
        if odd:
            findings.add(
                "error",
                "frame-grey" if colour else "frame-coloured",
                f"{len(odd)} of {clip.checked} frames are {'grey' if colour else 'in colour'}, first this one.",
                f"a set {'in colour' if colour else 'of grey frames'}.",
                "restore the clip from the data set; converted frames are other data.",
                clip=clip.key,
                frame=odd[0],
            )
    sizes = Counter(clip.size for clip in clips if clip.size)
    usual = sizes.most_common(1)[0][0] if sizes else None
    for clip in clips if one_size else ():
        if clip.size and clip.size != usual:
            findings.add(
                "warning",
                "clip-size",
                f"frames of {_told(clip.size)}.",
                f"{_told(usual)}, as most clips.",
                "look whether the clip was cropped or resized.",
                clip=clip.key,
            )
    seen: dict[str, str] = {}
    for clip in clips:
        if clip.digest and (first := seen.setdefault(clip.digest, clip.key)) != clip.key:
            findings.add(
                "error",
                "clip-duplicate",
                f"byte for byte the frames of {first} (SHA-256 {clip.digest[:16]}).",
                "clips that differ.",
                "restore the clip whose frames are another's.",
                clip=clip.key,
            )

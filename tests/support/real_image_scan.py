"""Find pictures of single real samples, however they were drawn: as files, in notebooks, in parts of figures.

A picture is cut into the rectangles a map could fill (the whole, the panels of a figure, the tiles of a
montage); each is brought to 28x28 and correlated, in values and in ranks, with every map and its mirror image.
Ranks see through any monotone colour map, and a difference of channels through a diverging one.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import subprocess
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from scipy import ndimage
from scipy.stats import rankdata

SIDE = 28
ALIKE = 0.975  # two different published maps reach 0.967
MOST_TILES = 12  # looked at in each way of cutting a montage
SMOOTH, FEW_PIXELS, FEW_VALUES = 0.85, 20, 32  # beyond which a channel of the second archive shows nobody
COMPONENTS = (24, 160)  # of 784: the first few tell most fields from every map, more of them tell the others
TOGETHER = 64  # parts of a picture that are compared at once
PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
MARKER = "SYNTHETIC.json"
EMBEDDED = re.compile(r"data:image/(?:png|jpe?g|gif|webp);base64,([A-Za-z0-9+/=\s\\n]+)")


def repository_files(root: Path) -> list[Path]:
    """Files that git tracks or would add; outside a checkout, every file but the usual leavings.

    A twin that somebody exported into the checkout and did not add to git is left out: its marker says what it is.
    """
    tracked, others = (
        subprocess.run(["git", "-C", root, "ls-files", "-z", *which], capture_output=True)
        for which in (["--cached"], ["--others", "--exclude-standard"])
    )
    if tracked.returncode == 0:
        new = [root / name for name in others.stdout.decode().split("\0") if name]
        exported = {path.parent for path in new if path.name == MARKER}
        paths = [root / name for name in tracked.stdout.decode().split("\0") if name]
        paths += [path for path in new if exported.isdisjoint(path.parents)]
    else:
        leavings = {"twin", ".venv", ".git", "__pycache__", "build", "dist", "runs", "store", "cache"}
        paths = (path for path in root.rglob("*") if not leavings & set(path.relative_to(root).parts))
    return sorted({path for path in paths if path.is_file()})


def pictures_in(path: Path) -> Iterator[bytes]:
    """Every encoded picture in a file: the file itself, notebook outputs and attachments, data URIs."""
    if path.suffix.lower() in PICTURES:
        yield path.read_bytes()
        return
    if path.suffix == ".ipynb":
        for cell in json.loads(path.read_text(encoding="utf-8")).get("cells", []):
            bundles = [output.get("data", {}) for output in cell.get("outputs", [])]
            for bundle in [*bundles, *cell.get("attachments", {}).values()]:
                for kind, content in bundle.items():
                    if kind.startswith("image/") and "svg" not in kind:
                        yield base64.b64decode("".join(content))
    if path.suffix in {".ipynb", ".svg", ".html", ".md", ".py", ".json", ".css"}:
        for match in EMBEDDED.finditer(path.read_text(encoding="utf-8", errors="replace")):
            yield base64.b64decode(re.sub(r"\\n|\s", "", match[1]))


def decode(picture: bytes) -> np.ndarray | None:
    """Return (H, W, 3) uint8 on white ground, None when it is not a picture that can be read."""
    try:
        image = Image.open(io.BytesIO(picture)).convert("RGBA")
    except (OSError, ValueError):
        return None
    ground = Image.new("RGBA", image.size, "white")
    return np.asarray(Image.alpha_composite(ground, image).convert("RGB"))


def rectangles(image: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the parts of an image (H, W, 3) that a square map could fill."""
    panels = {(0, 0, *image.shape[:2]): image}  # by their place, since both masks often find the same
    common = np.bincount((image // 8 * np.array([1, 32, 1024])).sum(-1).ravel()).argmax()
    ground = np.array([common % 32, common // 32 % 32, common // 1024]) * 8
    for mask in ((image < 250).any(-1), (np.abs(image.astype(int) - ground) > 8).any(-1)):
        labels, _ = ndimage.label(ndimage.binary_fill_holes(mask))
        for box in ndimage.find_objects(labels):
            if min(part.stop - part.start for part in box) >= 20:
                filled = ndimage.binary_fill_holes(mask[box])
                rows, columns = (np.flatnonzero(filled.mean(axis) > 0.6) for axis in (1, 0))
                if min(len(rows), len(columns)) >= 20:
                    top, left = (part.start for part in box)
                    place = top + rows[0], left + columns[0], top + rows[-1] + 1, left + columns[-1] + 1
                    panels[place] = image[place[0] : place[2], place[1] : place[3]]
    for panel in panels.values():
        yield from tiles(panel)


def tiles(panel: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the panel, less a thin frame too, and tiles of every grid of nearly square cells it may be."""
    height, width = panel.shape[:2]
    frame = max(1, round(min(height, width) / 150))
    if 0.8 < height / width < 1.25:
        yield panel
        yield panel[frame:-frame, frame:-frame]
    for across in range(1, width // 24 + 1):
        cell = width / across
        down = round(height / cell)
        if down * across < 2 or not down or not 0.93 < height / down / cell < 1.07:
            continue
        cells = [(row, column) for row in range(down) for column in range(across)]
        for row, column in cells[:: max(1, len(cells) // MOST_TILES)]:
            top, bottom = round(row * height / down), round((row + 1) * height / down)
            yield panel[top:bottom, round(column * cell) : round((column + 1) * cell)]


def described(fields: np.ndarray) -> np.ndarray:
    """Return values and ranks of fields (N, 28, 28), each centred and of unit length: (2, N, 784)."""
    flat = fields.reshape(len(fields), -1).astype(np.float32)
    both = np.stack([flat, rankdata(flat, axis=1).astype(np.float32)])
    both -= both.mean(-1, keepdims=True)
    return both / np.maximum(np.linalg.norm(both, axis=-1, keepdims=True), 1e-3)


class MapFinder:
    """Knows the maps that must not appear.

    A part of a picture is compared with every map, its channels and its mirror image. Most are told apart by their
    leading components: a correlation is at most the product of the components plus that of what the components leave
    out (Cauchy-Schwarz), so only pairs whose bound reaches `ALIKE`, by few components and then by more, are correlated
    in full. Nothing is lost by it.

    Parameters
    ----------
    maps : array (N, 28, 28, 3) uint8
        The published maps.
    names : tuple of str
        Their names, for the message.
    plain_too : bool
        Whether channels that anything smooth resembles count as well, see `recognisable`.
    """

    def __init__(self, maps: np.ndarray, names: tuple[str, ...], plain_too: bool = True) -> None:
        self.maps, self.names = maps, names
        grey = maps.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
        channels = np.concatenate([np.moveaxis(maps.astype(np.float32), -1, 0), grey[None]])
        both = np.concatenate([channels, channels[..., ::-1]])  # mirrored copies too
        fields = both.reshape(-1, SIDE, SIDE)
        self._known = described(fields)
        if not plain_too:
            self._known[:, ~recognisable(fields)] = 0  # resembles nothing
        bases = [np.linalg.eigh(each.T @ each)[1] for each in self._known]  # the leading ones last
        self._screens = [
            [Screen(known, basis[:, -count:]) for count in COMPONENTS]
            for known, basis in zip(self._known, bases, strict=True)
        ]

    @classmethod
    def of_archive(cls, folder: Path, plain_too: bool = True) -> MapFinder:
        """Read every 28x28 picture below `folder`."""
        paths = sorted(folder.rglob("*.png"))
        maps = [decode(path.read_bytes()) for path in paths]
        kept = [(m, p.name) for m, p in zip(maps, paths, strict=True) if m is not None and m.shape[:2] == (SIDE, SIDE)]
        return cls(np.stack([m for m, _ in kept]), tuple(name for _, name in kept), plain_too)

    def shown_in(self, picture: np.ndarray) -> tuple[float, str] | None:
        """Return the map that a part of a picture (H, W, 3) resembles most, if by `ALIKE` or more."""
        best: tuple[float, str] = (0.0, "")
        parts = (cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for part in rectangles(picture))
        while some := list(islice(parts, TOGETHER)):
            red, green, blue = np.moveaxis(np.stack(some).astype(np.float32), -1, 0)
            grey = 0.299 * red + 0.587 * green + 0.114 * blue
            fields = np.concatenate([red, green, blue, grey, red - blue])
            fields = fields[fields.std((1, 2)) > 4]
            best = max(best, self._closest(fields)) if len(fields) else best
        return best if best[0] >= ALIKE else None

    def _closest(self, fields: np.ndarray) -> tuple[float, str]:
        best = (0.0, "")
        for known, screens, asked in zip(self._known, self._screens, described(fields), strict=True):
            for screen in screens:
                rows, columns = screen.left(asked)
                asked = asked[rows]
            if len(asked):
                exact = np.abs(asked @ known[columns].T).max(0)
                index = int(exact.argmax())
                best = max(best, (float(exact[index]), self.names[columns[index] % len(self.names)]))
        return best


class Screen:
    """Tells which fields may resemble which of the known ones, by their components in a basis (784, K)."""

    def __init__(self, known: np.ndarray, basis: np.ndarray) -> None:
        self.basis, self.components = basis, known @ basis
        self.rest = left_out(known, self.components)

    def left(self, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the fields (rows) and the known ones (columns) of all pairs whose bound reaches `ALIKE`."""
        components = asked @ self.basis
        bound = np.abs(components @ self.components.T)
        bound += np.outer(left_out(asked, components), self.rest)
        rows = np.flatnonzero(bound.max(1, initial=0) >= ALIKE)
        return rows, np.flatnonzero(bound[rows].max(0, initial=0) >= ALIKE)


def recognisable(fields: np.ndarray) -> np.ndarray:
    """Tell which fields (N, 28, 28) have a shape of their own: bool (N,).

    A channel that is nearly a surface of second order (a head that nods), flat but for a corner, or of a few values
    (a map of directions) resembles many a shading and many a bar, and shows nobody.
    """
    flat = fields.reshape(len(fields), -1).astype(np.float64)
    centred = flat - flat.mean(1, keepdims=True)
    energy = (centred**2).sum(1)
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j].reshape(2, -1)
    surface = np.linalg.qr(np.stack([np.ones_like(x), x, y, x * y, x**2, y**2], 1))[0]
    smooth = ((centred @ surface) ** 2).sum(1) > SMOOTH * energy
    spread = energy**2 > FEW_PIXELS * (centred**4).sum(1)  # how many pixels the energy lies in
    values = np.array([len(np.unique(field)) for field in np.round(flat)])
    return ~smooth & spread & (values >= FEW_VALUES)


def left_out(vectors: np.ndarray, components: np.ndarray) -> np.ndarray:
    """Return the length of what leading components leave out of vectors (..., 784) of at most unit length."""
    return np.sqrt(np.maximum((vectors**2).sum(-1) - (components**2).sum(-1), 0))


def file_hashes(path: Path) -> set[str]:
    """SHA-256 of a file and of every picture in it, to be compared with the published hashes."""
    return {hashlib.sha256(content).hexdigest() for content in (path.read_bytes(), *pictures_in(path))}

"""`Samples`, which every data source hands to every network: named arrays, and label and subject of each row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from merlib.clips.flow_scale import FLOWS, check_scale
from merlib.errors import MerlibError

UNITS = ("px", "minmax255")
DRAWN = "rgb"  # flow drawn as a colour picture: its channels are no longer components of vectors
BLOCK = 2**24  # values checked at a time, so that a memory-mapped array is never loaded as a whole


@dataclass(frozen=True)
class Samples:
    """Arrays with one row per clip, ready for a network.

    Parameters
    ----------
    inputs : dict of str to array
        For example ``flow``: float32 (N, 3, 28, 28), channels u, v, optical strain.
    labels : int64 array (N,)
        Index into `classes`.
    classes : tuple of str
        Names of the classes, in the order of the labels.
    subjects, datasets, clips : str arrays (N,)
        Canonical subject id, data set and clip name of each row.
    name : str
        The data source, such as ``megc2019-flow``.
    synthetic : bool
        Whether the rows come from the synthetic twin; everything made from them then says SYNTHETIC.
    unit : {'px', 'minmax255', 'rgb'}
        Unit of the flow: pixels; each channel of a map stretched to 0..255 by its own minimum and maximum; or the flow
        drawn as a colour picture.
    notes : tuple of str
        Repairs and substitutions that a reader of a result must know.

    Attributes
    ----------
    recipe : str
        Text that determines the inputs: a twin's seed, or the clips' content and how they were preprocessed. Where
        there is a recipe, `digest` covers it instead of the inputs, because the last bit of a computed number depends
        on the processor, and the identity of samples must not. It is empty for inputs that were read from files; their
        digest covers every value. Only `made_by` sets it, so a copy with other inputs (``dataclasses.replace``) has
        none.
    code : str
        Digest of the code that carried out the recipe; see `kept_as`.

    Raises
    ------
    MerlibError
        When lengths disagree, a label is outside the classes, a clip occurs twice, a value is not finite, or a flow's
        values cannot be in the unit named.
    """

    inputs: dict[str, np.ndarray]
    labels: np.ndarray
    classes: tuple[str, ...]
    subjects: np.ndarray
    datasets: np.ndarray
    clips: np.ndarray
    name: str
    synthetic: bool
    unit: str = "minmax255"
    notes: tuple[str, ...] = field(default=())
    recipe: str = field(default="", init=False)
    code: str = field(default="", init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", np.asarray(self.labels, dtype=np.int64))
        object.__setattr__(self, "classes", tuple(self.classes))
        for column in ("subjects", "datasets", "clips"):
            object.__setattr__(self, column, np.asarray(getattr(self, column), dtype=str))
        self._check_rows()
        for name in self.inputs:
            self._check_finite(name)
        for name in set(FLOWS) & set(self.inputs) if self.unit == "minmax255" else ():
            blocks = [block for _, block in _blocks(self.inputs[name]) if block.size]
            if blocks:
                low, high = min(float(b.min()) for b in blocks), max(float(b.max()) for b in blocks)
                check_scale(name, low, high, self.name)

    def _check_rows(self) -> None:
        n = len(self.labels)
        columns = {**self.inputs, "subjects": self.subjects, "datasets": self.datasets, "clips": self.clips}
        for column, values in columns.items():
            if len(values) != n:
                raise MerlibError(
                    f"{self.name}: {column} has {len(values)} rows and labels has {n}.",
                    "one row a clip in every array.",
                    "build all arrays from the same clip table.",
                )
        if self.unit not in (*UNITS, DRAWN):
            raise MerlibError(
                f"{self.name}: unit {self.unit!r}.", f"one of {(*UNITS, DRAWN)}.", "name the flow's unit."
            )
        outside = np.flatnonzero((self.labels < 0) | (self.labels >= len(self.classes)))
        if outside.size:
            i = outside[0]
            raise MerlibError(
                f"{self.name}: clip {self.clips[i]} has label {self.labels[i]}.",
                f"a label from 0 to {len(self.classes) - 1} ({', '.join(self.classes)}).",
                "correct the label in the list that was read.",
            )
        names = np.unique(np.concatenate([self.subjects, self.datasets, self.clips, np.asarray(self.classes, str)]))
        odd = [name for name in names.tolist() if not name.isprintable()]
        if odd:
            raise MerlibError(
                f"{self.name}: {odd[0]!a} as a subject, data set, clip or class.",
                "names without line breaks or control characters: the digest joins them by line breaks.",
                "rename it in the list that was read.",
            )
        keys, counts = np.unique(self.keys, return_counts=True)
        if (counts > 1).any():
            raise MerlibError(
                f"{self.name}: clip {keys[counts > 1][0]} occurs {counts.max()} times.",
                "each clip once.",
                "remove the repeated row.",
            )

    def _check_finite(self, name: str) -> None:
        for start, block in _blocks(self.inputs[name]):
            if not np.isfinite(block).all():
                i = start + int(np.flatnonzero(~np.isfinite(block.reshape(len(block), -1)).all(axis=1))[0])
                raise MerlibError(
                    f"{self.name}: input {name!r} of clip {self.clips[i]} holds NaN or infinity.",
                    "finite numbers.",
                    "check the flow of that clip.",
                )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def keys(self) -> np.ndarray:
        """Identity of each row across data sets: ``dataset/subject/clip``, str (N,)."""
        return np.char.add(np.char.add(self.groups, "/"), self.clips)

    @property
    def groups(self) -> np.ndarray:
        """Identity of each row's person: ``dataset/subject``, str (N,). Training and test must not share one."""
        return np.char.add(np.char.add(self.datasets, "/"), self.subjects)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of these samples: equal rows with equal content, or with the same recipe, give equal digests."""
        sha = hashlib.sha256()
        for name in sorted(self.inputs):
            values = self.inputs[name]
            sha.update(f"{name}:{values.dtype.str}:{values.shape}".encode())
            for _, block in () if self.recipe else _blocks(values):
                sha.update(block.tobytes())
        sha.update(self.recipe.encode())
        sha.update(self.labels.tobytes())
        for text in ("\n".join(self.keys), "\n".join(self.classes), self.unit, str(self.synthetic)):
            sha.update(text.encode())
        return sha.hexdigest()

    def _derived(self, inputs: dict[str, np.ndarray], known: set[str], **columns: object) -> Samples:
        """Return a copy with other columns; inputs in `known` were searched for NaN before and are not again."""
        derived = copy(self)
        derived.__dict__.pop("digest", None)
        derived.__dict__.update(inputs=inputs, **columns)
        derived._check_rows()
        for name in inputs.keys() - known:
            derived._check_finite(name)
        return derived

    def made_by(self, recipe: str, code: str) -> Samples:
        """Return the same samples, identified by the `recipe` of their inputs and the digest of its `code`."""
        return self._derived(self.inputs, set(self.inputs), recipe=recipe, code=code)

    @property
    def kept_as(self) -> str:
        """Key under which folds trained on these samples are stored: the digest, joined with `code` for a recipe."""
        return hashlib.sha256(f"{self.digest}:{self.code}".encode()).hexdigest() if self.recipe else self.digest

    def with_inputs(self, inputs: dict[str, np.ndarray], how: str = "", notes: tuple[str, ...] = ()) -> Samples:
        """Return the same rows with other inputs.

        Parameters
        ----------
        inputs : dict of str to array
            Arrays that these samples hold already are not searched for NaN again.
        how : str
            How the new arrays follow from the old ones, with every parameter; it is appended to the recipe. Without
            it, samples with any new array have no recipe, and their digest covers every value.
        notes : tuple of str
            Appended to the notes.
        """
        known = {name for name, values in inputs.items() if any(values is own for own in self.inputs.values())}
        recipe = f"{self.recipe}\n{how}" if self.recipe and how else self.recipe if known == set(inputs) else ""
        return self._derived(inputs, known, recipe=recipe, notes=(*self.notes, *notes))

    def take(self, rows: np.ndarray, name: str | None = None) -> Samples:
        """Return the samples at `rows` (integer or boolean index), in that order."""
        columns = {c: getattr(self, c)[rows] for c in ("labels", "subjects", "datasets", "clips")}
        inputs = {key: values[rows] for key, values in self.inputs.items()}
        return self._derived(inputs, set(inputs), name=name or self.name, **columns)


def _blocks(values: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield `values` in blocks of rows, each with the number of its first row."""
    rows = max(1, BLOCK * len(values) // max(1, values.size))
    for start in range(0, len(values), rows):
        yield start, values[start : start + rows]

"""Turn a clip table into `Samples`: every clip is preprocessed once, in parallel, and kept on disk.

An entry of the cache is named by ``source.identity`` (the content of a clip's files, or the twin's plan), the
preprocessing, the digests of the weights used, and the code of the rooms that compute it. A second call therefore reads
the results, while a changed definition makes them be computed anew. Clips whose frame source has no identity are
computed each time.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from merlib.clips.bad_clips import ADVICE, ERROR, LEAVE_OUT, check_policy
from merlib.clips.classes import Classes, choose_classes, dropped_labels
from merlib.clips.clip_table import clip_key
from merlib.clips.flow_scale import FLOWS, constant_maps
from merlib.clips.samples import DRAWN, Samples
from merlib.code_digest import package_digest
from merlib.errors import MerlibError
from merlib.inputs.cache import MotionCache, content_digest
from merlib.inputs.choices import MEASURED_FLOWS
from merlib.inputs.parallel import Progress, over_clips
from merlib.inputs.preprocessing import TRUTH, ClipInput, Preprocessing, clip_input
from merlib.motion.magnification.magnify import magnifier_sentence
from merlib.sources.expressions import tables_digest
from merlib.sources.weights import MissingWeights

LARGE = 2**28  # bytes; an input of at least this size is memory-mapped


@lru_cache(maxsize=1)
def source_of_motion() -> str:
    """Return a digest of the code and the tables that turn clips into inputs."""
    root = Path(__file__).resolve().parents[1]
    rooms = ("clips", "datasets", "faces", "inputs", "motion")
    digests = [package_digest(root / room, ("*.py", "*.csv")) for room in rooms]
    return hashlib.sha256("".join([*digests, tables_digest()]).encode()).hexdigest()


def samples_of_clips(
    table: pd.DataFrame,
    how: Sequence[Preprocessing],
    classes: Classes,
    cache: MotionCache | None = None,
    workers: int = 1,
    on_bad_clip: str = ERROR,
    progress: Progress | None = None,
) -> Samples:
    """Preprocess every clip whose label is one of `classes`.

    Parameters
    ----------
    table : DataFrame
        A clip table.
    how : sequence of Preprocessing
        One per input; the input gets the feature's name.
    classes : sequence of str, or mapping of str to sequence of str
        The classes in the order of their numbers; or for each class the table's labels that it joins
        (`merlib.clips.classes.MEGC2019`). Clips with other labels are left out, and counted in the notes.
    cache : MotionCache, optional
        Where inputs are kept; large ones are then memory-mapped from there.
    workers : int
        Number of processes, with one thread each.
    on_bad_clip : {'error', 'leave-out'}
        Whether clips that cannot be preprocessed (no face, an unreadable frame) are an error that lists them, or are
        left out, each with its reason in the notes.
    progress : callable, optional
        Called with ``(done, total)`` after each input of a clip; by default a bar is shown, see `merlib.progress`.

    Returns
    -------
    Samples
        One row per clip, in the table's order, with the unit of the first input. `notes` name the repairs, the
        preprocessing and how many apexes came from where.

    Raises
    ------
    MerlibError
        When a class has no clip, when clips fail with the policy ``error``, and when no clip is left.
    """
    leaves_out = check_policy(on_bad_clip) == LEAVE_OUT
    becomes, names = choose_classes(table, classes)
    dropped = dropped_labels(table, becomes)
    rows = [row for row in table.itertuples(index=False) if row.label in becomes]
    if not rows:
        found = f"{table.attrs.get('name')}: no clip labelled {', '.join(becomes)} in this short run."
        raise MerlibError(found, "at least one.", "take more people, or a longer profile.")
    tasks = [(row, each) for row in rows for each in how]
    results = list(over_clips(_one, [(*task, cache) for task in tasks], workers, "preprocessing", progress))
    by_clip = [results[i * len(how) : (i + 1) * len(how)] for i in range(len(rows))]
    failed = {
        clip_key(row): next(r for r in got if isinstance(r, MerlibError))
        for row, got in zip(rows, by_clip, strict=True)
        if any(isinstance(r, MerlibError) for r in got)
    }
    if failed and not leaves_out:
        raise _failures(failed, len(rows))
    kept = [(row, got) for row, got in zip(rows, by_clip, strict=True) if clip_key(row) not in failed]
    if not kept:
        raise _failures(failed, len(rows))
    inputs = {each.feature: _gathered([got[i] for _, got in kept], cache) for i, each in enumerate(how)}
    source = (f"annotation: {table.attrs['edition']}", *table.attrs["notes"])
    samples = Samples(
        inputs=inputs,
        labels=np.array([names.index(becomes[row.label]) for row, _ in kept]),
        classes=names,
        subjects=np.array([row.subject for row, _ in kept]),
        datasets=np.array([row.dataset for row, _ in kept]),
        clips=np.array([row.clip for row, _ in kept]),
        name=table.attrs["name"],
        synthetic=table.attrs["synthetic"],
        unit=how[0].unit,
        notes=(
            *source,
            *((dropped,) if dropped else ()),
            *_notes(how, [got[0] for _, got in kept], failed),
            *_without_motion(inputs, [clip_key(row) for row, _ in kept]),
        ),
    )
    recipe = _recipe([row for row, _ in kept], how)
    return samples.made_by(recipe, source_of_motion()) if recipe else samples


def _recipe(rows: list, how: Sequence[Preprocessing]) -> str:
    """Return a text that determines the inputs: each clip's identity and phases, and all choices of preprocessing.

    It is empty when a clip has no identity.
    """
    clips = [_named_clip(row) for row in rows]
    if any(clip[0] is None for clip in clips):
        return ""
    return json.dumps(
        {"clips": clips, "preprocessing": [asdict(each) | {"weights": each.weights} for each in how]}, sort_keys=True
    )


def _named_clip(row) -> list:
    return [getattr(row.source, "identity", None), int(row.onset), str(row.apex), int(row.offset)]


def _notes(how: Sequence[Preprocessing], first: list[ClipInput | _Kept], failed: dict[str, MerlibError]) -> list[str]:
    notes = [_sentence(each) for each in how]
    origins = pd.Series([result.apex_from for result in first]).value_counts()
    notes.append("apex: " + ", ".join(f"{n} from {where}" for where, n in origins.items()))
    notes += [f"left out {clip} ({error.found})" for clip, error in failed.items()]
    return notes


def _without_motion(inputs: dict[str, np.ndarray], keys: list[str]) -> list[str]:
    """Return a note for each input whose flow is constant in some clips: their maps are black, so nothing was found."""
    notes = []
    for name in sorted(set(FLOWS) & set(inputs)):
        still = [key for key, constant in zip(keys, constant_maps(inputs[name]), strict=True) if constant]
        if still:
            shown = ", ".join(still[:5]) + (f" and {len(still) - 5} more" if len(still) > 5 else "")
            notes.append(f"{name}: no motion at all in {len(still)} of {len(keys)} clips ({shown})")
    return notes


def _sentence(how: Preprocessing) -> str:
    """Return the sentence that a record must contain about an input."""
    parts = [f"{how.feature} {how.size} x {how.size}"]
    if how.feature in MEASURED_FLOWS:
        drawn = "drawn around the colour wheel" if how.unit == DRAWN else how.unit
        parts.append(f"flow by {how.flow}, {drawn}")
        if how.flow != TRUTH:
            parts.append("light evened out" if how.even_light else "light as recorded")
    if how.feature in ("flow", "puzzle", "onset_flows", "step_flows"):
        parts.append(f"measured on {how.crop[0]} x {how.crop[1]}")
    if how.feature == "flow_sequence":
        parts.append(
            "eleven frames evenly from onset to apex" if how.window == "rise" else "eleven frames around the apex"
        )
    if how.steady == "affine":
        parts.append("head held still by an affine fit")
    if how.feature == "puzzle":
        parts.append(" and ".join(how.regions))
    if how.feature == "flow_sequence" and how.magnifies:
        parts.append(f"magnified {how.factor:g} times by {magnifier_sentence(how.magnifier)}")
    if how.feature == "magnified":
        parts.append(f"{how.length} factors, magnified by {magnifier_sentence(how.magnifier)}")
    if how.feature in ("onset_flows", "step_flows"):
        parts.append(f"between {how.length} frames a clip")
    if how.feature == "frames":
        less = ", each less the onset frame" if how.less_onset else ""
        parts.append(f"{how.length} frames a clip{less}, faces {'cut' if how.cut else 'not cut'} out")
    return ", ".join([*parts, f"faces by {how.backend}"])


def _failures(failed: dict[str, MerlibError], total: int) -> MerlibError:
    named = [error.found if clip in error.found else f"{clip}: {error.found}" for clip, error in failed.items()]
    shown = "; ".join(each.rstrip(".") for each in named[:5])
    more = f" and {len(failed) - 5} more" if len(failed) > 5 else ""
    return MerlibError(
        f"{len(failed)} of {total} clips cannot be preprocessed: {shown}{more}.",
        "a readable clip with one face, for every row.",
        f"mend them (merlib data check NAME=DIR --faces tells all); or: {ADVICE}.",
    )


def clip_parameters(row) -> dict[str, object]:
    """Return the part of a cache's key that names a clip and the code that computes from it."""
    return {"clip": _named_clip(row), "source": source_of_motion()}


def input_parameters(row, how: Preprocessing) -> dict[str, object]:
    """Return all on which one input of one clip depends, for the key of a cache: clip, code, choices and weights."""
    return {**asdict(how), **clip_parameters(row), "weights": how.weights}


@dataclass(frozen=True)
class _Kept:
    """One input of one clip that lies in the cache under `digest`, and how its apex was found."""

    digest: str
    apex_from: str

    def read(self, cache: MotionCache) -> np.ndarray:
        values = cache.read(self.digest)
        if values is None:
            found = f"entry {self.digest[:12]} of the motion cache vanished while it was used."
            raise MerlibError(found, "a cache that nobody prunes meanwhile.", "run again.")
        return values


def _one(row, how: Preprocessing, cache: MotionCache | None) -> ClipInput | _Kept | MerlibError:
    try:
        if cache is None or getattr(row.source, "identity", None) is None:
            return clip_input(row, how)
        parameters = input_parameters(row, how)
        digest, apex = (content_digest(what, parameters, []) for what in ("clip input", "clip apex"))
        origin = cache.read(apex)
        if origin is None or cache.read(digest) is None:  # absent or damaged
            result = clip_input(row, how)
            cache.write(digest, result.array)
            origin = np.array(result.apex_from)
            cache.write(apex, origin)
        return _Kept(digest, str(origin))
    except MissingWeights:  # not the clip's fault: all clips would fail in the same way
        raise
    except MerlibError as error:
        return error


def _gathered(results: list[ClipInput | _Kept], cache: MotionCache | None) -> np.ndarray:
    """Stack the inputs of all clips; a large stack is written to a file clip by clip and memory-mapped."""
    first = _values(results[0], cache)
    shape = (len(results), *first.shape)
    kept = cache is not None and all(isinstance(result, _Kept) for result in results)
    if not kept or first.nbytes * len(results) < LARGE:
        stack = np.empty(shape, first.dtype)
    else:
        digests = hashlib.sha256("".join(result.digest for result in results).encode()).hexdigest()
        path = cache.folder / "stacks" / f"{digests}.npy"
        if path.is_file():
            return np.load(path, mmap_mode="r")
        path.parent.mkdir(parents=True, exist_ok=True)
        stack = np.lib.format.open_memmap(path.with_suffix(f".{os.getpid()}.tmp"), "w+", first.dtype, shape)
    for i, result in enumerate(results):
        values = _values(result, cache)
        if values.shape != first.shape:
            found = f"inputs of shape {first.shape} and {values.shape}."
            raise MerlibError(found, "one shape for all clips.", "name a size and a length.")
        stack[i] = values
    if not isinstance(stack, np.memmap):
        return stack
    stack.flush()
    os.replace(path.with_suffix(f".{os.getpid()}.tmp"), path)
    return np.load(path, mmap_mode="r")


def _values(result: ClipInput | _Kept, cache: MotionCache | None) -> np.ndarray:
    return result.read(cache) if isinstance(result, _Kept) else result.array

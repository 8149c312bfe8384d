"""One function for three magnifiers; its result names the one that was used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from merlib.errors import MerlibError, unknown_name
from merlib.motion.frames import as_bytes, check_pair, unit_range
from merlib.motion.magnification.eulerian import magnify_band, magnify_change
from merlib.motion.magnification.lagrangian import magnify_lagrangian
from merlib.sources.weights import weights_digest, weights_entry, weights_path

MAGNET_WEIGHTS = "magnet"  # in the weights registry
METHODS = ("magnet", "eulerian", "lagrangian")


@dataclass(frozen=True)
class Magnified:
    """Magnified frames and how they were made.

    Parameters
    ----------
    frames : array
        The magnified frames. A method that compares with the first frame leaves that frame as it was.
    method : str
        The method that was used, ``magnet``, ``eulerian`` or ``lagrangian``; never ``auto``.
    factor : float
        Total ratio that was asked for; the ratio that was reached must be measured.
    details : dict of str to str
        What else a record needs: the temporal filter, the weights file and its digest.
    """

    frames: np.ndarray
    method: str
    factor: float
    details: dict[str, str]


def choose_method(method: str = "auto") -> str:
    """Return the magnifier to use. ``auto`` means the learned network when its weights are there, else the Eulerian.

    Weights that are there but are not the published ones stop the run when they are loaded; another method never
    replaces them silently.

    Raises
    ------
    MerlibError
        For an unknown name.
    """
    if method not in ("auto", *METHODS):
        raise unknown_name("magnification method", method, ("auto", *METHODS))
    if method != "auto":
        return method
    return "magnet" if weights_path(MAGNET_WEIGHTS) is not None else "eulerian"


def magnifier_sentence(method: str) -> str:
    """Return what a record says of a magnifier: its name, and for the learned one the weights file and its digest."""
    if method != "magnet":
        return method
    return f"{method} ({weights_entry(MAGNET_WEIGHTS).file}, SHA-256 {weights_digest(MAGNET_WEIGHTS)})"


def check_factor(factor: float) -> float:
    """Return the factor, after checking that it is a finite ratio of at least 0.

    Raises
    ------
    MerlibError
        For a factor that is negative, infinite or not a number.
    """
    if not np.isfinite(factor) or factor < 0:
        raise MerlibError(
            f"a factor of {factor}.",
            "the ratio of motion after to motion before, 0 or more (1 changes nothing).",
            "remember that papers writing 1 + alpha mean a factor of alpha + 1.",
        )
    return float(factor)


def magnify(
    frames: np.ndarray | tuple[np.ndarray, np.ndarray], factor: float, method: str = "auto", **options: object
) -> Magnified:
    """Magnify the motion since the first frame in a clip or a pair of frames.

    `factor` is always the TOTAL ratio: 3 is a motion three times as large, 1 changes nothing. Papers differ. ASTNet
    Eq. 1 and UAMRN Eq. 2 multiply the motion by 1 + alpha, so ASTNet's "factor 3" may mean three- or four-fold (errata
    ASTNET-B2, ASTNET-B15). The network that both papers' authors used adds factor - 1 times the change (UAMRN-F12).

    Parameters
    ----------
    frames : array (T, H, W) or (T, H, W, 3), or two frames
        uint8 or float 0..1, two frames or more, RGB. The first is the reference (the onset).
    factor : float
        Total ratio.
    method : {'auto', 'magnet', 'eulerian', 'lagrangian'}
        ``auto``: the learned network when its weights are there, else Eulerian. ``lagrangian`` is for teaching.
    **options
        Options of the method. ``magnet``: ``size``, ``device``. ``eulerian``: ``cutoff``, ``chroma``; with ``fps`` (and
        ``band``) a temporal band-pass of the clip is amplified instead of the difference to the first frame.
        ``lagrangian``: ``flow_method`` and the flow's options.

    Returns
    -------
    Magnified
        Frames of the input's shape and dtype (grey becomes RGB with magnet), the method used, and details.

    Raises
    ------
    MerlibError
        For fewer than two frames, frames of different size, a negative factor, an unknown method or option, and
        missing weights of a method that was asked for by name.
    """
    factor = check_factor(factor)
    method = choose_method(method)
    if len(frames) < 2:
        raise MerlibError(f"{len(frames)} frame.", "two frames or more.", "hand over the onset and what follows it.")
    for frame in frames[1:]:
        check_pair(frames[0], frame)
    frames = np.stack([np.asarray(frame) for frame in frames])
    make = {"magnet": _magnet, "eulerian": _eulerian, "lagrangian": _lagrangian}[method]
    try:
        magnified, details = make(frames, factor, **options)
    except TypeError as error:
        if "keyword argument" not in str(error):
            raise
        raise MerlibError(f"{method}: {error}.", "options of the method.", "see `magnify`.") from None
    return Magnified(as_bytes(magnified) if frames.dtype == np.uint8 else magnified, method, factor, details)


def _since_first(frames: np.ndarray, magnify_pair: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """Magnify each later frame against the first, which stays as it is."""
    later = [magnify_pair(frames[0], frame) for frame in frames[1:]]
    first = unit_range(frames[0])
    if later[0].ndim > first.ndim:
        first = np.repeat(first[..., None], 3, axis=-1)
    return np.stack([first, *later])


def _eulerian(frames: np.ndarray, factor: float, **options: object) -> tuple[np.ndarray, dict[str, str]]:
    if "fps" in options:
        return magnify_band(frames, factor, **options), {"temporal": "band-pass"}
    magnified = _since_first(frames, partial(magnify_change, factor=factor, **options))
    return magnified, {"temporal": "difference to the first frame"}


def _lagrangian(frames: np.ndarray, factor: float, **options: object) -> tuple[np.ndarray, dict[str, str]]:
    magnified = _since_first(frames, partial(magnify_lagrangian, factor=factor, **options))
    return magnified, {"temporal": "flow since the first frame", "flow": str(options.get("flow_method", "tvl1"))}


def _magnet(frames: np.ndarray, factor: float, **options: object) -> tuple[np.ndarray, dict[str, str]]:
    from merlib.motion.magnification.magnet import magnify_learned

    def pair(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return magnify_learned(first, second, [factor], **options)[0]

    details = {"weights": weights_entry(MAGNET_WEIGHTS).file, "digest": weights_digest(MAGNET_WEIGHTS)}
    return _since_first(frames, pair), {"temporal": "pairs with the first frame", **details}


def factor_sequence(length: int = 32) -> np.ndarray:
    """Return UAMRN's amplification factors: `length` total ratios from 2 to 12, evenly spaced.

    Table 1 prints a range that holds twelve; the authors' code takes 32 from 2 to 12 (errata UAMRN-F1).

    Raises
    ------
    MerlibError
        For a length under 1.
    """
    if length < 1:
        raise MerlibError(f"{length} factors.", "1 or more.", "UAMRN uses 32.")
    return np.linspace(2.0, 12.0, length)

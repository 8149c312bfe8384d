"""Eulerian magnification (Wu et al. 2012): amplify what changes at each pixel, scale by scale.

ASTNet Sec. 3.1 (1) splits the frames into spatial bands, filters these in time, amplifies them and adds them back. Here
the frames are filtered in time first and then split (by a Laplacian pyramid), which gives the same, since both steps
are linear. To first order an amplified change of brightness is an amplified motion. This holds only while
(1 + alpha) delta is below an eighth of the wavelength (Wu et al. Eq. 14), so in bands finer than `cutoff` alpha falls
in proportion to the wavelength (their Fig. 6).

``alpha = factor - 1``, because the change is added to a frame that already contains it once (errata ASTNET-B2,
ASTNET-B15).
"""

from __future__ import annotations

import numpy as np

from merlib.errors import MerlibError
from merlib.motion.frames import check_shape, unit_range

CUTOFF = 8.0  # wavelength in pixels below which alpha falls
CHROMA = 0.1  # changes of colour are mostly noise, so they are amplified by this share of alpha only
COARSEST = 8  # pixels; the pyramid stops before its picture becomes narrower than this
BAND = (0.4, 12.0)  # Hz; from slower than a movement of one second to faster than the edges of a blink
ORDER = 1  # of the Butterworth filter


def laplacian_pyramid(image: np.ndarray, levels: int) -> list[np.ndarray]:
    """Split a picture into `levels` bands, finest first, and a low-pass rest; `collapse` gives the picture back."""
    import cv2

    bands = []
    for _ in range(levels):
        smaller = cv2.pyrDown(image)
        bands.append(image - cv2.pyrUp(smaller, dstsize=image.shape[1::-1]))
        image = smaller
    return [*bands, image]


def collapse(pyramid: list[np.ndarray]) -> np.ndarray:
    """Put a Laplacian pyramid together again."""
    import cv2

    image = pyramid[-1]
    for band in reversed(pyramid[:-1]):
        image = cv2.pyrUp(image, dstsize=band.shape[1::-1]) + band
    return image


def _levels(shape: tuple[int, ...]) -> int:
    return max(1, int(np.log2(min(shape[:2]) / COARSEST)))


def _amplify(change: np.ndarray, alpha: float, cutoff: float, chroma: float) -> np.ndarray:
    """Return alpha times a change of a picture, with a smaller alpha for fine bands and for changes of colour."""
    from skimage.color import rgb2yiq, yiq2rgb

    if change.ndim == 3:
        change = rgb2yiq(change).astype(np.float32)
        change[..., 1:] *= chroma
    bands = laplacian_pyramid(change, _levels(change.shape))
    # band l passes wavelengths of about 2 to 8 times 2^l pixels: 4 times 2^l in their middle
    shares = [min(1.0, 4.0 * 2**level / cutoff) for level in range(len(bands) - 1)] + [1.0]
    amplified = collapse([alpha * share * band for share, band in zip(shares, bands, strict=True)])
    return (yiq2rgb(amplified) if amplified.ndim == 3 else amplified).astype(np.float32)


def magnify_change(
    first: np.ndarray, second: np.ndarray, factor: float, cutoff: float = CUTOFF, chroma: float = CHROMA
) -> np.ndarray:
    """Return the second frame of a pair with its motion since the first about `factor` times as large.

    The temporal filter of a pair of frames is their difference.

    Parameters
    ----------
    first, second : array (H, W) or (H, W, 3)
        uint8 or float 0..1.
    factor : float
        Total ratio; it is reached only for motion that is small compared with the detail of the picture.
    cutoff : float
        Wavelength in pixels below which alpha falls.
    chroma : float
        Share of alpha for changes of colour.

    Returns
    -------
    float32 array as `second`
        Magnified frame in 0..1.

    Raises
    ------
    MerlibError
        As `unit_range` and `check_shape`.
    """
    first, second = unit_range(check_shape(first)), unit_range(check_shape(second))
    return np.clip(second + _amplify(second - first, factor - 1.0, cutoff, chroma), 0.0, 1.0)


def magnify_band(
    frames: np.ndarray,
    factor: float,
    fps: float,
    band: tuple[float, float] = BAND,
    cutoff: float = CUTOFF,
    chroma: float = CHROMA,
) -> np.ndarray:
    """Return a clip with the motion in a band of frequencies about `factor` times as large.

    The filter is a first-order Butterworth band-pass that runs forwards and backwards, so that nothing is delayed.

    Parameters
    ----------
    frames : array (T, H, W) or (T, H, W, 3)
        The clip, uint8 or float 0..1, four frames or more.
    factor : float
        Total ratio, for motion inside the band.
    fps : float
        Frames a second: 200 for CASME II and SAMM, 100 for SMIC-HS.
    band : (float, float)
        Lower and upper frequency, Hz. With an upper one of at least half of `fps` the filter is a high-pass.
    cutoff, chroma : float
        As `magnify_change`.

    Returns
    -------
    float32 array as `frames`
        Magnified frames in 0..1.

    Raises
    ------
    MerlibError
        For fewer than four frames, or a band that is empty at this frame rate.
    """
    from scipy.signal import butter, sosfiltfilt

    clip = unit_range(frames)
    low, high = band
    if len(clip) < 4 or not 0 < low < min(high, fps / 2):
        raise MerlibError(
            f"{len(clip)} frames at {fps:g} a second and a band of {low:g} to {high:g} Hz.",
            f"four frames or more, and 0 < lower < upper with the lower under {fps / 2:g} Hz.",
            "use `magnify_change` on pairs, or another band.",
        )
    design = ((low, high), "bandpass") if high < fps / 2 else (low, "highpass")
    sections = butter(ORDER, design[0], design[1], fs=fps, output="sos")
    padding = min(3 * 2 * len(sections) + 3, len(clip) - 1)
    filtered = sosfiltfilt(sections, clip, axis=0, padlen=padding).astype(np.float32)
    changes = [_amplify(change, factor - 1.0, cutoff, chroma) for change in filtered]
    return np.clip(clip + np.stack(changes), 0.0, 1.0)

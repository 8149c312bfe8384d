"""Optical strain: how much the skin is stretched and sheared, the symmetric part of the flow's gradient.

Strain is a derivative, pixels per pixel, and so has no unit. It must be computed at the resolution of the flow, before
any resizing. Differences are central inside and one-sided at the border (`numpy.gradient`).

AM3F Eq. 1 gives the tensor, but the network reads one channel, and the paper does not say how the tensor becomes one
number (errata AM3F-A14). `strain_magnitude` is the tensor's norm, which is used here; `strain_ststnet8` is the other
formula that is in use (errata CROSS-X3).
"""

from __future__ import annotations

import numpy as np

from merlib.motion.flow import check_flow


def _derivatives(flow: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    flow = check_flow(flow)
    uy, ux = np.gradient(flow[..., 0], axis=(-2, -1))
    vy, vx = np.gradient(flow[..., 1], axis=(-2, -1))
    return ux, uy, vx, vy


def strain_tensor(flow: np.ndarray) -> np.ndarray:
    """Return the strain tensor, half the sum of the flow's gradient and its transpose (AM3F Eq. 1).

    Parameters
    ----------
    flow : array (..., H, W, 2)
        u and v in pixels.

    Returns
    -------
    array (..., H, W, 2, 2)
        ``[[ux, (uy + vx) / 2], [(uy + vx) / 2, vy]]``, dimensionless.

    Raises
    ------
    MerlibError
        When `flow` is no flow.
    """
    ux, uy, vx, vy = _derivatives(flow)
    shear = (uy + vx) / 2
    return np.stack([np.stack([ux, shear], axis=-1), np.stack([shear, vy], axis=-1)], axis=-2)


def strain_magnitude(flow: np.ndarray) -> np.ndarray:
    """Return the norm of the strain tensor, sqrt(ux^2 + vy^2 + (uy + vx)^2 / 2) (errata AM3F-A14, CROSS-X3).

    It is zero for a shift and, to first order, for a rotation.

    Parameters
    ----------
    flow : array (..., H, W, 2)
        u and v in pixels.

    Returns
    -------
    array (..., H, W)
        Dimensionless, not negative.

    Raises
    ------
    MerlibError
        When `flow` is no flow.
    """
    ux, uy, vx, vy = _derivatives(flow)
    return np.sqrt(ux**2 + vy**2 + (uy + vx) ** 2 / 2)


def strain_ststnet8(flow: np.ndarray) -> np.ndarray:
    """Return the "strain" of the recipe in STSTNet's issue 8, kept for comparison only (errata CROSS-X3).

    The recipe weights the shear by 1/4, and takes the first result of `numpy.gradient` for the derivative along x,
    while it is that along the rows. It therefore computes sqrt(uy^2 + vx^2 + (ux + vy)^2 / 4): a rotation counts as
    strain, and a stretch along one axis counts half.

    Parameters
    ----------
    flow : array (..., H, W, 2)
        u and v in pixels.

    Returns
    -------
    array (..., H, W)
        Dimensionless.
    """
    ux, uy, vx, vy = _derivatives(flow)
    return np.sqrt(uy**2 + vx**2 + (ux + vy) ** 2 / 4)

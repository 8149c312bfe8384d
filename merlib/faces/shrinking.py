"""Make pictures smaller: every new pixel is the mean of the old pixels that it covers.

All of merlib does it in this way. Taking single pixels of the fine picture instead, as a warp onto a coarse grid does,
turns skin texture and sensor noise into patterns that move independently of the face (aliasing), and optical flow would
follow them.
"""

from __future__ import annotations

import numpy as np

from merlib.errors import MerlibError


def shrink(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return a picture in another size: averaged along an axis that gets shorter, interpolated along one that grows.

    Parameters
    ----------
    picture : ndarray (H, W) or (H, W, C)
        A picture of a dtype that OpenCV takes, with up to four channels.
    size : (rows, columns)
        Size of the result.

    Returns
    -------
    ndarray (rows, columns) or (rows, columns, C)
        The picture in its new size and old dtype.

    Raises
    ------
    MerlibError
        For a size under one pixel.
    """
    import cv2

    rows, columns = size
    if min(size) < 1:
        raise MerlibError(f"a size of {size}.", "one pixel or more.", "name rows and columns.")
    for shape in ((rows, picture.shape[1]), (rows, columns)):  # OpenCV averages only where both axes shrink
        if shape == picture.shape[:2]:
            continue
        shorter = shape[0] <= picture.shape[0] and shape[1] <= picture.shape[1]
        picture = cv2.resize(picture, shape[::-1], interpolation=cv2.INTER_AREA if shorter else cv2.INTER_LINEAR)
    return picture

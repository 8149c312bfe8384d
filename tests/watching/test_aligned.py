"""A face is cut out and looked at where it is, to a fraction of a pixel, whatever its size in the frame."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.faces.alignment import FaceCrop, plan_crop
from merlib.faces.mesh import landmarks_of_mesh
from merlib.watching.aligned import SIZE, averaged_down, cut_small
from merlib.watching.tracking import follow, look_for_faces


@pytest.mark.parametrize("scale", [1.3, 1.7, 2.0, 2.9, 4.6])
def test_averaging_down_moves_nothing(scale):
    y, x = np.mgrid[:203, :157].astype(np.float32)
    picture, step = averaged_down(np.dstack([x, y]), scale)
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    for axis, places in enumerate((columns, rows)):
        off = picture[..., axis] - ((places + 0.5) * step[axis] - 0.5)
        assert abs(off.mean()) < 0.001
        assert np.abs(off).max() < 0.1  # OpenCV rounds the weights of pixels that are shared
    assert (scale / step < 1.51).all()


@pytest.mark.parametrize("larger", [1.0, 1.8, 2.4, 5.3])
def test_a_cut_of_a_larger_face_shows_the_same_places(larger):
    from merlib.clips.landmarks68 import canonical_face, face_to_map

    landmarks = face_to_map(canonical_face(), (140, 112)) * larger + 40
    crop = plan_crop(landmarks)
    assert isinstance(crop, FaceCrop)
    height, width = (int(side * larger + 80) for side in SIZE)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    frame = np.dstack([x, y]) / max(height, width) * 250
    cut = cut_small(frame, crop)
    for place in crop.points(landmarks, SIZE)[17:60:6]:
        row, column = np.rint(place[::-1]).astype(int)
        back = np.linalg.inv(np.vstack([crop.matrix(SIZE), [0, 0, 1]])) @ (column, row, 1)
        np.testing.assert_allclose(cut[row, column] * max(height, width) / 250, back[:2], atol=0.05 * larger)


@pytest.mark.long
@pytest.mark.usefixtures("mesh_weights")
def test_a_large_face_is_followed_where_it_is_drawn():
    from merlib.datasets.recordings import LongRecording, plan_recording

    recording = LongRecording(plan_recording(3, 1.0, 25, (960, 720), 1, ("blink",)))
    frame = np.ascontiguousarray(recording.frame(0)[..., ::-1])
    (face,) = look_for_faces(frame)
    mesh = face.mesh
    for _ in range(4):
        mesh, score = follow(frame, mesh)
    off = (landmarks_of_mesh(mesh) - recording.landmarks(0, 0))[36:60].mean(axis=0) / face.eye_distance
    assert score > 0.9
    assert np.abs(off).max() < 0.04

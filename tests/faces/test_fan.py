"""The fan backend names its missing files and, once they are there, never asks the net."""

from __future__ import annotations

import socket
from unittest.mock import create_autospec

import numpy as np
import pytest

import merlib.wide_vectors  # noqa: F401  # before anything compiles with numba in this process
from merlib.errors import MerlibError
from merlib.faces import find_faces, landmarks


@pytest.fixture
def bare_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("MERLIB_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    landmarks.fan_network.cache_clear()
    yield tmp_path
    landmarks.fan_network.cache_clear()


def test_missing_weights_are_named_with_their_folder_before_anything_is_imported(bare_machine, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "face_alignment", None)
    with pytest.raises(MerlibError) as caught:
        find_faces(np.zeros((64, 64, 3), np.uint8), backend="fan")
    assert "2DFAN4-11f355bf06.pth.tar" in caught.value.found
    assert caught.value.action.endswith(f"into {bare_machine / 'weights'}.")


@pytest.mark.long
def test_with_its_files_the_network_loads_offline_and_is_asked_for_the_sure_boxes_only(
    bare_machine, monkeypatch, portrait, level_face
):
    """Untrained networks of the right shapes stand in and are loaded; their answers are replaced by known ones."""
    import torch
    from face_alignment.detection.sfd.net_s3fd import s3fd
    from face_alignment.models import FAN

    files = {"2dfan4": "2DFAN4-11f355bf06.pth.tar", "s3fd": "s3fd-619a316812.pth"}
    for name, net in (("2dfan4", FAN(4)), ("s3fd", s3fd())):
        torch.save(net.state_dict(), bare_machine / files[name])
    monkeypatch.setattr(landmarks, "find_weights", lambda name: bare_machine / files[name])
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("asked the net"))
    hub = torch.hub.get_dir()
    network = landmarks.fan_network()
    assert torch.hub.get_dir() == hub
    boxes = [np.array([170.0, 60, 280, 190, 0.9]), np.array([0.0, 0, 50, 50, 0.2])]
    monkeypatch.setattr(network.face_detector, "detect_from_image", lambda _: boxes)
    answer = create_autospec(network.get_landmarks_from_image, return_value=[level_face])
    monkeypatch.setattr(network, "get_landmarks_from_image", answer)
    faces = find_faces(portrait, backend="fan", min_score=0.5)
    assert [face.score for face in faces] == [0.9]
    assert faces[0].box == (170, 60, 280, 190)
    np.testing.assert_array_equal(faces[0].landmarks, level_face)
    assert [list(box) for box in answer.call_args.kwargs["detected_faces"]] == [[170, 60, 280, 190, 0.9]]

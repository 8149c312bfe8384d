"""What the networks are fed: shapes, units, and strain taken before anything is resized."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from warped_face import pair, portrait

from merlib.datasets.twin import flow as twin_flow
from merlib.errors import MerlibError
from merlib.inputs.maps import flow_channels, flow_maps, flow_sequence, magnified_stack, minmax255
from merlib.motion.flow import dense_flow
from merlib.motion.magnification.magnet import MagNet
from merlib.sources.weights import FOLDER_VARIABLE


@pytest.fixture
def no_weights(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TORCH_HOME", raising=False)


def test_a_linear_flow_keeps_its_pixels_and_its_strain_at_any_size():
    y, x = np.mgrid[:84, :56].astype(float)
    flow = np.stack([0.05 * x, 0.02 * y], axis=-1)
    for size in (14, 28):
        u, v, strain = flow_channels(flow, size)
        # a cell's mean is the value at its middle
        np.testing.assert_allclose(u[0], 0.05 * ((np.arange(size) + 0.5) * 56 / size - 0.5), atol=1e-5)
        np.testing.assert_allclose(v[:, 0], 0.02 * ((np.arange(size) + 0.5) * 84 / size - 0.5), atol=1e-5)
        np.testing.assert_allclose(strain, np.hypot(0.05, 0.02), atol=1e-6)


def test_strain_finer_than_the_map_is_not_lost():
    x = np.arange(112.0)
    ripple = 0.1 * np.sin(2 * np.pi * x / 4)  # four pixels long, exactly one cell: its mean is nothing
    flow = np.stack([np.tile(ripple, (112, 1)), np.zeros((112, 112))], axis=-1)
    u, _, strain = flow_channels(flow, 28)
    assert np.abs(u).max() < 1e-6
    assert strain[1:-1, 1:-1].min() > 0.04


def test_flow_maps_are_the_flow_of_the_pair():
    onset, apex, _ = pair({"12": 1.0}, peak=1.5)
    maps = flow_maps(onset, apex, method="dis", preset="fast")
    assert (maps.shape, maps.dtype) == ((3, 28, 28), np.float32)
    np.testing.assert_array_equal(maps, flow_channels(dense_flow(onset, apex, "dis", preset="fast")))
    assert (maps[2] >= 0).all()
    with pytest.raises(MerlibError, match="size"):
        flow_maps(onset, apex, size=0, method="dis")


def test_minmax255_spans_each_channel_and_matches_the_twin():
    maps = np.random.default_rng(0).normal(size=(2, 3, 28, 28))
    maps[1, 2] = 5.0
    drawn = minmax255(maps)
    assert drawn.dtype == np.float32
    assert (drawn[0].min(axis=(-2, -1)) == 0).all()
    assert (drawn[0].max(axis=(-2, -1)) == 255).all()
    assert (drawn[1, 2] == 0).all()
    np.testing.assert_array_equal(drawn, np.rint(drawn))
    np.testing.assert_array_equal(drawn, twin_flow.minmax255(maps))
    np.testing.assert_array_equal(minmax255([[0.0, 1.0], [2.0, 4.0]]), [[0, 64], [128, 255]])  # 63.75 and 127.5


def test_a_sequence_is_ten_flows_from_each_frame_to_the_next():
    image = portrait()[20:116]
    frames = np.stack([image[:, 10 + t : 90 + t] for t in range(11)])  # the face moves one pixel left a frame
    maps = flow_sequence(frames, size=16, method="dis")
    assert maps.shape == (10, 3, 16, 16)
    assert np.median(maps[:, 0], axis=(1, 2)) == pytest.approx([-1.0] * 10, abs=0.2)
    assert np.abs(np.median(maps[:, 1], axis=(1, 2))).max() < 0.2
    with pytest.raises(MerlibError, match="11 frames"):
        flow_sequence(frames[:10])


def test_a_stack_holds_one_picture_a_factor_and_names_the_method(no_weights):
    onset, apex, _ = pair({"1": 1.0}, peak=1.0)
    stack, method = magnified_stack(onset, apex, [1, 3, 9], size=56)
    assert (stack.shape, stack.dtype, method) == ((3, 3, 56, 56), np.float32, "eulerian")
    assert 0 <= stack.min() <= stack.max() <= 1
    away = [np.abs(picture - stack[0]).mean() for picture in stack]
    assert away[0] < away[1] < away[2]
    with pytest.raises(MerlibError, match="factor"):
        magnified_stack(onset, apex, [])


@pytest.mark.long
def test_a_stack_takes_the_network_when_its_weights_are_there(register_weights):
    state = {f"module.{name}": tensor for name, tensor in MagNet().state_dict().items()}
    register_weights("magnet", lambda path: torch.save({"state_dict": state}, path))
    onset, apex, _ = pair({"1": 1.0}, peak=1.0)
    stack, method = magnified_stack(onset[:48, :40], apex[:48, :40, 0].repeat(3).reshape(48, 40, 3), [2], size=32)
    assert (stack.shape, method) == ((1, 3, 32, 32), "magnet")

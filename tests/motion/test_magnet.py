"""The learned magnifier: structure without weights, behaviour with them (skipped loudly when they are absent)."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
import torch
from warped_face import pair

from merlib.errors import MerlibError
from merlib.motion.flow import dense_flow
from merlib.motion.magnification import magnify
from merlib.motion.magnification.magnet import MagNet, load_magnet, magnify_learned
from merlib.motion.magnification.magnify import magnifier_sentence
from merlib.sources.weights import FOLDER_VARIABLE, weights_entry, weights_path


@pytest.fixture
def published(monkeypatch) -> None:
    """The published weights are found: where the product looks, or in the folder shared in development."""
    if weights_path("magnet") is None:
        monkeypatch.setenv(FOLDER_VARIABLE, str(pathlib.Path(__file__).resolve().parents[3] / "shared" / "weights"))
    if weights_path("magnet") is None:
        pytest.skip("LEARNED MAGNIFIER NOT CHECKED: its weights are not here; run merlib weights get magnet")


@pytest.fixture
def save(register_weights):
    """Make an untrained network the registered one; `changes` replace tensors of its file."""

    def register(network: MagNet, **changes: torch.Tensor) -> None:
        state = {f"module.{name}": tensor for name, tensor in network.state_dict().items()}
        register_weights("magnet", lambda path: torch.save({"state_dict": state | changes, "time": 0.0}, path))

    return register


def test_the_network_has_the_published_number_of_parameters_and_no_bias():
    parameters = dict(MagNet().named_parameters())
    assert sum(p.numel() for p in parameters.values()) == 928_144
    assert len(parameters) == 43
    assert all(name.endswith("weight") for name in parameters)


def test_factor_one_leaves_the_second_frame_to_the_decoder_alone():
    torch.manual_seed(0)
    network = MagNet()
    first, second = torch.rand(2, 1, 3, 32, 32) * 2 - 1
    texture, shape = network.encoder(second)
    torch.testing.assert_close(network(first, second, 1.0), network.decoder(texture, shape))


def test_the_shape_is_pushed_by_factor_minus_one():
    torch.manual_seed(0)
    manipulator = MagNet().manipulator
    torch.nn.init.zeros_(manipulator.resblks[0].conv2.weight)  # leaves the linear path
    first, second = torch.randn(2, 1, 32, 8, 8)
    pushed = {k: manipulator(first, second, k) - second for k in (2.0, 3.0, 12.0)}
    torch.testing.assert_close(pushed[3.0], 2 * pushed[2.0])
    torch.testing.assert_close(pushed[12.0], 11 * pushed[2.0])


def test_each_factor_gives_what_the_network_gives():
    torch.manual_seed(0)
    network = MagNet()
    first, second = torch.rand(2, 1, 3, 32, 32) * 2 - 1
    for drawn, factor in zip(network.each_factor(first, second, [2.0, 5.0]), [2.0, 5.0], strict=True):
        torch.testing.assert_close(drawn, network(first, second, factor))


@pytest.mark.parametrize("size", [None, 32])
def test_frames_of_any_size_come_back_in_their_size(save, size):
    save(MagNet())
    frames = np.random.default_rng(0).random((2, 37, 45, 3))
    drawn = magnify_learned(*frames, [2, 3, 4], size=size)
    assert drawn.shape == (3, 37, 45, 3)
    assert 0 <= drawn.min() <= drawn.max() <= 1


def test_a_file_of_another_network_is_refused(save):
    save(MagNet(), **{"module.encoder.conv1.weight": torch.zeros(16, 3, 5, 5)})
    with pytest.raises(MerlibError, match="tensors"):
        load_magnet()


def test_a_file_with_one_changed_byte_is_never_loaded(save):
    save(MagNet())
    path = weights_path("magnet")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(MerlibError, match="other content"):
        load_magnet()


def test_a_pickle_that_needs_more_than_tensors_is_refused(register_weights):
    content = {"state_dict": {}, "args": pathlib.PurePosixPath("x")}
    register_weights("magnet", lambda path: torch.save(content, path))
    with pytest.raises(MerlibError, match="could run code"):
        load_magnet()


def test_the_record_names_file_and_digest_of_the_network_that_ran(save):
    save(MagNet())
    frames = np.random.default_rng(0).random((2, 32, 32, 3))
    used = magnify(frames, 3, size=None)
    entry = weights_entry("magnet")
    assert used.method == "magnet"
    assert (used.details["weights"], used.details["digest"]) == (entry.file, entry.sha256)
    assert magnifier_sentence("magnet") == f"magnet ({entry.file}, SHA-256 {entry.sha256})"


def test_the_published_weights_fit_and_draw_the_second_frame_at_factor_one(published):
    first, second, _ = pair({"1": 1.0, "2": 1.0}, peak=1.0)
    drawn = magnify((first, second), 1, "magnet", size=None).frames[1]
    error = np.abs(drawn.astype(float) - second)[8:-8, 8:-8].mean()
    assert error < 6  # grey levels: the autoencoder's own loss


def test_the_published_weights_magnify(published):
    first, second, truth = pair({"1": 1.0, "2": 1.0}, peak=1.0, scale=1.2)
    drawn = magnify_learned(first, second, [4, 10], size=None)
    moving = np.linalg.norm(truth, axis=-1) > 0.3
    gains = [float((dense_flow(first / 255.0, d) * truth)[moving].sum() / (truth**2)[moving].sum()) for d in drawn]
    assert 1.5 < gains[0] < gains[1]

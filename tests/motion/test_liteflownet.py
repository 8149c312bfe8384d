"""LiteFlowNet without its weights: published names and shapes, hand-worked parts, refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from warped_face import portrait

from merlib.errors import MerlibError
from merlib.motion.flow import dense_flow
from merlib.motion.liteflownet import (
    CHANNELS,
    FILE_NAME,
    LiteFlowNet,
    Regularisation,
    cost_volume,
    own_name,
    read_published,
    warp_back,
)
from merlib.sources.weights import FOLDER_VARIABLE

# Names and shapes as the public conversion's source declares them, one or two of each kind.
PUBLISHED = {
    "moduleFeatures.moduleOne.0.weight": (32, 3, 7, 7),
    "moduleFeatures.moduleTwo.4.bias": (32,),
    "moduleFeatures.moduleSix.0.weight": (192, 128, 3, 3),
    "moduleMatching.0.moduleFeat.0.weight": (64, 32, 1, 1),
    "moduleMatching.0.moduleUpflow.weight": (2, 1, 4, 4),
    "moduleMatching.1.moduleUpcorr.weight": (49, 1, 4, 4),
    "moduleMatching.4.moduleMain.6.weight": (2, 32, 3, 3),
    "moduleMatching.0.moduleMain.6.weight": (2, 32, 7, 7),
    "moduleSubpixel.0.moduleMain.0.weight": (128, 130, 3, 3),
    "moduleSubpixel.2.moduleMain.0.weight": (128, 194, 3, 3),
    "moduleSubpixel.4.moduleMain.0.weight": (128, 386, 3, 3),
    "moduleRegularization.0.moduleFeat.0.weight": (128, 32, 1, 1),
    "moduleRegularization.4.moduleMain.0.weight": (128, 195, 3, 3),
    "moduleRegularization.3.moduleMain.10.weight": (32, 32, 3, 3),
    "moduleRegularization.0.moduleDist.0.weight": (49, 32, 7, 1),
    "moduleRegularization.1.moduleDist.1.weight": (25, 25, 1, 5),
    "moduleRegularization.4.moduleDist.0.weight": (9, 32, 3, 3),
    "moduleRegularization.2.moduleScaleX.weight": (1, 25, 1, 1),
    "moduleRegularization.2.moduleScaleY.bias": (1,),
}


def published_state(seed: int = 0) -> dict[str, torch.Tensor]:
    """Random weights under published names."""
    torch.manual_seed(seed)
    return {published_name(name): tensor for name, tensor in LiteFlowNet().state_dict().items()}


def published_name(own: str) -> str:
    stages = ("One", "Two", "Thr", "Fou", "Fiv", "Six")
    parts = own.split(".")
    if parts[0] == "pyramid":
        return ".".join(["moduleFeatures", f"module{stages[int(parts[1])]}", *parts[2:]])
    heads = {"matching": "Matching", "subpixel": "Subpixel", "regularisation": "Regularization"}
    inner = {"adapt": "Feat", "enlarge_flow": "Upflow", "enlarge_costs": "Upcorr", "trunk": "Main"}
    inner |= {"affinity": "Dist", "average_u": "ScaleX", "average_v": "ScaleY"}
    return ".".join([f"module{heads[parts[0]]}", parts[1], f"module{inner[parts[2]]}", *parts[3:]])


def test_the_network_has_the_published_number_of_parameters():
    # Hui et al. print 5.37 million
    assert sum(p.numel() for p in LiteFlowNet().parameters()) == pytest.approx(5.37e6, rel=0.004)


def test_published_names_lead_to_tensors_of_published_shapes():
    own = LiteFlowNet().state_dict()
    assert {name: tuple(own[own_name(name)].shape) for name in PUBLISHED} == PUBLISHED
    assert own_name("netMatching.1.netUpcorr.weight") == own_name("moduleMatching.1.moduleUpcorr.weight")


def test_a_file_under_published_names_is_read_whole(register_weights):
    register_weights("liteflownet", lambda path: torch.save(published_state(), path))
    image = portrait()[32:96, 16:80]
    flow = dense_flow(image, np.roll(image, 2, axis=1), method="liteflownet")
    assert flow.shape == (64, 64, 2)
    assert np.isfinite(flow).all()
    register_weights("liteflownet", lambda path: torch.save(published_state(seed=1), path))
    other = dense_flow(image, np.roll(image, 2, axis=1), method="liteflownet")
    assert not np.allclose(flow, other)


@pytest.mark.parametrize("fault", ["missing", "unknown", "shape", "nested"])
def test_a_state_dict_of_another_network_is_refused(fault):
    state = published_state()
    if fault == "missing":
        state.pop("moduleSubpixel.2.moduleMain.0.weight")
    elif fault == "unknown":
        state["moduleExtra.0.weight"] = torch.zeros(1)
    elif fault == "shape":
        state["moduleFeatures.moduleOne.0.weight"] = torch.zeros(32, 3, 5, 5)
    else:
        state = {"state_dict": state}
    with pytest.raises(MerlibError, match="LiteFlowNet"):
        read_published(state)


def test_missing_weights_name_file_folder_and_variable(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(MerlibError) as error:
        dense_flow(portrait(), portrait(), method="liteflownet")
    assert f"put {FILE_NAME} from http://" in error.value.action
    assert error.value.action.endswith(f"into {tmp_path}.")


def test_a_pickle_that_could_run_code_is_refused(register_weights):
    import pathlib

    register_weights("liteflownet", lambda path: torch.save({"weights": pathlib.PurePosixPath("x")}, path))
    with pytest.raises(MerlibError, match="weights_only"):
        dense_flow(portrait(), portrait(), method="liteflownet")


def test_warping_back_fetches_what_the_flow_points_at():
    picture = torch.arange(30.0).view(1, 1, 5, 6)
    flow = torch.zeros(1, 2, 5, 6)
    flow[:, 0], flow[:, 1] = 1.0, -1.0  # look one to the right and one up
    moved = warp_back(picture, flow)
    torch.testing.assert_close(moved[0, 0, 1:, :-1], picture[0, 0, :-1, 1:])
    assert float(moved[0, 0, 0].abs().max()) == 0.0  # beyond the border


@pytest.mark.parametrize("step", [1, 2])
def test_the_cost_volume_peaks_at_the_displacement_row_by_row(step):
    generator = torch.Generator().manual_seed(0)
    first = torch.randn(1, 64, 16, 16, generator=generator)
    second = torch.roll(first, shifts=(step * 2, -step), dims=(2, 3))  # down two steps, left one
    costs = cost_volume(first, second, step)
    assert costs.shape == (1, 49, 16 // step, 16 // step)
    inside = costs[0, :, 3:-3, 3:-3]
    assert (inside.argmax(0) == (2 + 3) * 7 + (-1 + 3)).all()
    torch.testing.assert_close(inside.amax(0), first.square().mean(1)[0, ::step, ::step][3:-3, 3:-3])


@pytest.mark.parametrize("level", [2, 4, 6])
def test_regularisation_takes_a_weighted_mean_of_neighbours(level):
    torch.manual_seed(0)
    layer = Regularisation(level)
    for average in (layer.average_u, layer.average_v):
        torch.nn.init.ones_(average.weight)
        torch.nn.init.zeros_(average.bias)
    frames, features = torch.rand(2, 1, 3, 12, 12), torch.randn(1, CHANNELS[level - 1], 12, 12)
    constant = torch.tensor([0.7, -0.3]).view(1, 2, 1, 1).expand(1, 2, 12, 12)
    out = layer((frames[0], frames[1]), features, constant)
    torch.testing.assert_close(out[..., 4:-4, 4:-4], constant[..., 4:-4, 4:-4])
    rough = torch.randn(1, 2, 12, 12)
    assert layer((frames[0], frames[1]), features, rough)[..., 4:-4, 4:-4].std() < 0.8 * rough.std()

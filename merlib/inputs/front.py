"""Features of UAMRN's frozen front layers (Sec. 4.3) of magnified pictures, computed once per clip and kept on disk."""

from __future__ import annotations

import hashlib

import numpy as np
import torch

from merlib.clips.samples import Samples
from merlib.code_digest import modules_digest
from merlib.errors import MerlibError
from merlib.inputs.cache import MotionCache
from merlib.models.blocks.front_layers import FrontLayers, front_features
from merlib.one_thread import one_thread
from merlib.sources.weights import find_weights, load_state, weights_digest, weights_path

WEIGHTS = "resnet18-ferplus"
SOURCE = ("merlib.models.blocks.front_layers", "merlib.models.blocks.resnet")
WIDTH = 64  # channels of the first stage in the published weights


def published_layers(width: int = WIDTH) -> tuple[FrontLayers, str]:
    """Return the front layers and a sentence on their weights: those trained on FER+ if the file is there, else random.

    Parameters
    ----------
    width : int
        Channels of the first stage; the published weights fit only 64.
    """
    layers = FrontLayers(width)
    if width == WIDTH and weights_path(WEIGHTS) is not None:
        layers.load(load_state(find_weights(WEIGHTS)))
        return layers, f"front layers trained on FER+ ({WEIGHTS}, {weights_digest(WEIGHTS)})"
    why = f"{WEIGHTS} is not on this machine" if width == WIDTH else f"{WEIGHTS} has width {WIDTH}, not {width}"
    return layers, f"front layers with random weights, since {why}"


def with_front(samples: Samples, cache: MotionCache, width: int = WIDTH, less_first: bool = False) -> Samples:
    """Return the samples with ``front`` (N, L, 16 width) in place of ``magnified`` (N, L, 3, S, S).

    Parameters
    ----------
    samples : Samples
        Samples with the input ``magnified``.
    cache : MotionCache
        Where features are kept, such as the cache of a study.
    width : int
        Channels of the front layers' first stage.
    less_first : bool
        Whether the features of the first, weakest magnification are subtracted from those of all. What grows with the
        motion remains, and most of what identifies the person disappears. The paper does not do this; its mean over
        magnifications keeps what identifies the person.

    Raises
    ------
    MerlibError
        When there are no magnified pictures.
    """
    if "magnified" not in samples.inputs:
        raise MerlibError(
            f"uamrn: samples {samples.name} with {', '.join(samples.inputs)}.",
            "magnified (N, L, 3, S, S).",
            'compute it: study.features(NAME, preprocessing("magnified")).',
        )
    layers, note = published_layers(width)
    parameters = {"weights": _digest(layers), "source": modules_digest(SOURCE)}

    def compute(clip: np.ndarray) -> np.ndarray:
        return front_features(torch.from_numpy(np.array(clip[None], np.float32)), layers).numpy()[0]

    with one_thread():
        rows = [cache.get("front features", parameters, [clip], compute) for clip in samples.inputs["magnified"]]
    features, what = np.stack(rows), f"front features of width {width}, {note}"
    if less_first:
        features, less = features - features[:, :1], "each magnification less the first"
        return samples.with_inputs({"front": features}, f"{what}, {less}", notes=(note, less))
    return samples.with_inputs({"front": features}, what, notes=(note,))


def _digest(layers: FrontLayers) -> str:
    sha = hashlib.sha256()
    for name, values in layers.state_dict().items():
        sha.update(name.encode() + values.numpy().tobytes())
    return sha.hexdigest()

"""Show a UAMRN's locality sensitive hashing: on which side of each hyper-plane tokens lie, and which pairs are kept."""

from __future__ import annotations

import pandas as pd
import torch
from torch import Tensor

from merlib.models.blocks.lsh_attention import bucket, kept_pairs
from merlib.models.uamrn import UAMRN


@torch.no_grad()
def hash_table(model: UAMRN, front: Tensor, block: int = 0, head: int = 0, table: int = 0) -> pd.DataFrame:
    """Return into which buckets the model's own hyper-planes put the queries and keys of one clip.

    Parameters
    ----------
    model : UAMRN
        The network; three hyper-planes are printed in the paper.
    front : Tensor (1, L, front_size)
        Features of the front layers for one clip.
    block, head, table : int
        Whose hyper-planes: those of this block, head and hash table.

    Returns
    -------
    DataFrame
        One row per query or key: ``kind``, ``index`` (the magnification, 0 to L - 1), ``bucket`` (its tag, such as
        ``110``; UAMRN-F3), and ``plane 1`` to ``plane 3`` (signed distance to each plane, in units of the features).
    """
    x = model.sequence({"front": front})
    for number in range(block):
        x = model.blocks[number](x)[0]
    chosen = model.blocks[block]
    q, k, *_ = chosen.project(x)
    normals = chosen.hyperplanes[head, table]  # (planes, d)
    planes = len(normals)
    parts = []
    for kind, vectors in (("query", q), ("key", k)):
        distances = vectors[0, head] @ (normals / normals.norm(dim=1, keepdim=True)).T  # (L, planes)
        part = pd.DataFrame(distances.numpy(), columns=[f"plane {p + 1}" for p in range(planes)])
        tags = bucket(vectors, chosen.hyperplanes)[0, head, table]
        part.insert(0, "bucket", [f"{tag:0{planes}b}" for tag in tags.tolist()])
        part.insert(0, "index", range(len(part)))
        part.insert(0, "kind", kind)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


@torch.no_grad()
def kept_share(model: UAMRN, front: Tensor, block: int = 0, head: int = 0) -> pd.Series:
    """Return which share of the query-key pairs is kept by one hash table, by two together, and so on up to all.

    The index of the Series is the number of tables; the other arguments are those of `hash_table`.
    """
    x = model.sequence({"front": front})
    for number in range(block):
        x = model.blocks[number](x)[0]
    chosen = model.blocks[block]
    q, k, *_ = chosen.project(x)
    count = chosen.hyperplanes.shape[1]
    shares = [
        kept_pairs(q, k, chosen.hyperplanes[:, : tables + 1])[:, head].float().mean().item() for tables in range(count)
    ]
    return pd.Series(shares, index=pd.RangeIndex(1, count + 1, name="tables"), name="share of pairs kept")

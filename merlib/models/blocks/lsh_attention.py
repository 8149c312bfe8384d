"""Attention restricted to pairs that locality-sensitive hashing keeps; UAMRN Sec. 3.2.2, Eq. 4-6, Algorithm 1.

Hyper-planes cut the space into buckets; a query attends to the keys of its own bucket, in at least one of
several tables of hyper-planes. Decisions:

F2   Outside the kept set the score is minus infinity, not zero, so each row of weights sums to one; a query that
     meets no key in any table attends to itself. Eq. 4 drops the last index by misprint.
F3   A positive product is written 0, any other 1, as the rule says; the printed example contradicts it.
F4   Nothing is claimed about speed: `sparse_attention` computes exactly the kept pairs, which is their number and
     not the time that they take.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

PAIRS_AT_ONCE = 1 << 16


def draw_hyperplanes(heads: int, tables: int, planes: int, width: int) -> Tensor:
    """Return random normal vectors (heads, tables, planes, width), each the normal of one hyper-plane."""
    return torch.randn(heads, tables, planes, width)


def bucket(vectors: Tensor, hyperplanes: Tensor) -> Tensor:
    """Return the bucket of each vector in each table, int64 (N, heads, tables, L).

    The tag's first digit belongs to the first hyper-plane: with products (-, -, +) the tag is 110 and the bucket 6.

    Parameters
    ----------
    vectors : Tensor (N, heads, L, d)
        Queries or keys.
    hyperplanes : Tensor (heads, tables, planes, d)
        From `draw_hyperplanes`.
    """
    products = torch.einsum("nhld,htpd->nhtlp", vectors, hyperplanes)
    digits = (products <= 0).long()  # x h > 0 is tagged 0
    planes = hyperplanes.shape[2]
    value = 2 ** torch.arange(planes - 1, -1, -1, device=vectors.device)
    return (digits * value).sum(-1)


def kept_pairs(queries: Tensor, keys: Tensor, hyperplanes: Tensor) -> Tensor:
    """Return which pairs share a bucket in any table, bool (N, heads, L, L), Eq. 5; no row is empty (F2).

    Parameters
    ----------
    queries, keys : Tensor (N, heads, L, d)
        Rows i and columns j of the result.
    hyperplanes : Tensor (heads, tables, planes, d)
        From `draw_hyperplanes`.
    """
    of_query, of_key = bucket(queries, hyperplanes), bucket(keys, hyperplanes)
    kept = (of_query[..., :, None] == of_key[..., None, :]).any(2)  # union of the tables
    itself = torch.eye(kept.shape[-1], dtype=torch.bool, device=kept.device)
    return kept | (itself & ~kept.any(-1, keepdim=True))


def attention_weights(queries: Tensor, keys: Tensor, kept: Tensor | None = None) -> Tensor:
    """Return softmax(q k / sqrt(d)) over the kept pairs, zero elsewhere, (N, heads, L, L); all pairs without `kept`."""
    scores = queries @ keys.transpose(-1, -2) * queries.shape[-1] ** -0.5
    if kept is not None:
        scores = scores.masked_fill(~kept, -torch.inf)
    return scores.softmax(-1)


def dense_attention(queries: Tensor, keys: Tensor, values: Tensor, kept: Tensor | None = None) -> Tensor:
    """Return Eq. 3, or with `kept` Eq. 6 by computing every pair and masking; (N, heads, L, d)."""
    return attention_weights(queries, keys, kept) @ values


class SparseAttention(NamedTuple):
    """Result over P kept pairs: `output` (N, heads, L, d), `pairs` (P, 4) as (n, head, i, j), `weights` (P,)."""

    output: Tensor
    pairs: Tensor
    weights: Tensor


def sparse_attention(queries: Tensor, keys: Tensor, values: Tensor, kept: Tensor) -> SparseAttention:
    """Compute Eq. 6 for the kept pairs and for no other.

    Parameters
    ----------
    queries, keys, values : Tensor (N, heads, L, d)
        What attends, what is attended to, and what is read there.
    kept : Tensor of bool (N, heads, L, L)
        From `kept_pairs`; at least one pair a row.
    """
    n, heads, length, width = queries.shape
    pairs = kept.nonzero()  # (P, 4)
    first = (pairs[:, 0] * heads + pairs[:, 1]) * length
    rows, columns = first + pairs[:, 2], first + pairs[:, 3]
    q, k, v = (x.reshape(-1, width) for x in (queries, keys, values))  # (N * heads * L, d)
    blocks = list(zip(rows.split(PAIRS_AT_ONCE), columns.split(PAIRS_AT_ONCE), strict=True))
    scores = torch.cat([(q[i] * k[j]).sum(-1) for i, j in blocks]) * width**-0.5  # (P,)
    top = scores.new_full((len(q),), -torch.inf).scatter_reduce(0, rows, scores.detach(), "amax")
    raised = (scores - top[rows]).exp()
    weights = raised / raised.new_zeros(len(q)).index_add(0, rows, raised)[rows]  # softmax within each row
    output = torch.zeros_like(v)
    for (i, j), weight in zip(blocks, weights.split(PAIRS_AT_ONCE), strict=True):
        output = output.index_add(0, i, weight[:, None] * v[j])
    return SparseAttention(output.reshape(n, heads, length, width), pairs, weights)

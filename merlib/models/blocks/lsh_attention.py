"""Attention restricted to pairs that locality-sensitive hashing keeps; UAMRN Sec. 3.2.2, Eq. 4-6, Algorithm 1.

Hyper-planes cut the space into buckets. There are several tables of hyper-planes, and a query attends to the keys that
lie in its own bucket in at least one table. Decisions:

UAMRN-F2  Outside the kept set the score is minus infinity, not zero, so each row of weights sums to one; a query that
     meets no key in any table attends to itself. Eq. 4 drops the last index by misprint.
UAMRN-F3  A positive product is written 0, any other 1, as the rule says; the printed example contradicts it.
UAMRN-F4  `sparse_attention` computes the kept pairs and no others. Fewer pairs do not always take less time, so nothing
     is claimed here about speed; pairs are counted and times are measured.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import torch
from torch import Tensor

PAIRS_AT_ONCE = 1 << 13  # size of a part where no library multiplies sampled pairs, so that memory stays small


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
    """Return which pairs share a bucket in any table, bool (N, heads, L, L), Eq. 5; no row is empty (UAMRN-F2).

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
        Queries, keys and values as in Eq. 3.
    kept : Tensor of bool (N, heads, L, L)
        From `kept_pairs`; at least one pair a row.
    """
    n, heads, length, width = queries.shape
    pairs = kept.nonzero()  # (P, 4)
    first = (pairs[:, 0] * heads + pairs[:, 1]) * length
    where = torch.stack([first + pairs[:, 2], first + pairs[:, 3]])  # rows and columns of N heads L queries and keys
    q, k, v = (x.reshape(-1, width) for x in (queries, keys, values))  # (N * heads * L, d)
    scores = _PairScores.apply(q, k, where) * width**-0.5  # (P,)
    top = scores.new_full((len(q),), -torch.inf).scatter_reduce(0, where[0], scores.detach(), "amax")
    raised = (scores - top[where[0]]).exp()
    weights = raised / raised.new_zeros(len(q)).index_add(0, where[0], raised)[where[0]]  # softmax within each row
    output = _PairSums.apply(weights, v, where)
    return SparseAttention(output.reshape(n, heads, length, width), pairs, weights)


def _scores(rows: Tensor, columns: Tensor, where: Tensor) -> Tensor:
    """Return the products of the pairs `where` (2, P), sorted by row, of rows and columns (R, d)."""
    if rows.is_cuda or torch.backends.mkl.is_available():
        ends = torch.bincount(where[0], minlength=len(rows)).cumsum(0)
        starts = torch.cat([ends.new_zeros(1), ends])
        values, size = rows.new_zeros(where.shape[1]), (len(rows), len(columns))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sparse CSR tensor support", category=UserWarning)
            pattern = torch.sparse_csr_tensor(starts, where[1], values, size, check_invariants=False)
        return torch.sparse.sampled_addmm(pattern, rows, columns.T.contiguous(), beta=0.0).values()
    parts = zip(where[0].split(PAIRS_AT_ONCE), where[1].split(PAIRS_AT_ONCE), strict=True)
    return torch.cat([(rows[i] * columns[j]).sum(-1) for i, j in parts])


def _sums(weights: Tensor, columns: Tensor, where: Tensor, transposed: bool = False) -> Tensor:
    """Return each row's sum of its columns (R, d), weighted by `weights` (P,), or each column's of its rows."""
    where = where.flip(0) if transposed else where
    size = (len(columns), len(columns))
    matrix = torch.sparse_coo_tensor(where, weights, size, is_coalesced=not transposed, check_invariants=False)
    return torch.sparse.mm(matrix, columns)


class _PairScores(torch.autograd.Function):
    """Products of chosen pairs of rows of two matrices, whose gradients touch the same pairs."""

    @staticmethod
    def forward(context, q: Tensor, k: Tensor, where: Tensor) -> Tensor:
        context.save_for_backward(q, k, where)
        return _scores(q, k, where)

    @staticmethod
    def backward(context, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        q, k, where = context.saved_tensors
        return _sums(gradient, k, where), _sums(gradient, q, where, transposed=True), None


class _PairSums(torch.autograd.Function):
    """Weighted sums over chosen pairs, whose gradients touch the same pairs."""

    @staticmethod
    def forward(context, weights: Tensor, v: Tensor, where: Tensor) -> Tensor:
        context.save_for_backward(weights, v, where)
        return _sums(weights, v, where)

    @staticmethod
    def backward(context, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        weights, v, where = context.saved_tensors
        return _scores(gradient.contiguous(), v, where), _sums(weights, gradient, where, transposed=True), None

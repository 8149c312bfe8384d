"""UAMRN's sparse self-attention (SSA) block: attention over the pairs that hashing keeps; Sec. 3.2, Fig. 2b."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from merlib.models.blocks.lsh_attention import (
    attention_weights,
    dense_attention,
    draw_hyperplanes,
    kept_pairs,
    sparse_attention,
)


class SSABlock(nn.Module):
    """Sparse self-attention block: attention over kept pairs, projection, dropout, sum, layer norm.

    Parameters
    ----------
    width : int
        Dimensions of the model, a multiple of `heads`.
    heads, tables, planes : int
        n_h, n_t and n_p of Table 1.
    sparse : bool
        ``False`` gives full attention (Table 6); the parameters are the same.
    masked : bool
        Compute all pairs and mask those that are not kept. The result is the same, only the time differs.
    shared_qk : bool
        Project queries and keys by the same weights (UAMRN-F13).
    resample : bool
        Draw new hyper-planes at each training step instead of keeping those drawn at the start (UAMRN-F13).
    dropout : float
        Probability of dropout behind the output projection, and behind the feed-forward part if there is one.
    feed_forward : int
        Hidden units of a feed-forward part behind the attention; 0 leaves it out.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        tables: int,
        planes: int,
        sparse: bool = True,
        masked: bool = False,
        shared_qk: bool = False,
        resample: bool = False,
        dropout: float = 0.1,
        feed_forward: int = 0,
    ):
        super().__init__()
        self.heads, self.sparse, self.masked, self.resample = heads, sparse, masked, resample
        self.query = nn.Linear(width, width)
        self.key = self.query if shared_qk else nn.Linear(width, width)
        self.value, self.out = nn.Linear(width, width), nn.Linear(width, width)
        self.dropout, self.norm = nn.Dropout(dropout), nn.LayerNorm(width)
        self.register_buffer("hyperplanes", draw_hyperplanes(heads, tables, planes, width // heads))
        self.feed_forward = None
        if feed_forward:
            inner = (nn.Linear(width, feed_forward), nn.ReLU(), nn.Linear(feed_forward, width), nn.Dropout(dropout))
            self.feed_forward, self.last_norm = nn.Sequential(*inner), nn.LayerNorm(width)

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Return q, k, v (N, heads, L, d) of `x` (N, L, width), and the kept pairs, ``None`` for all."""
        q, k, v = (f(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f in (self.query, self.key, self.value))
        if not self.sparse:
            return q, k, v, None
        planes = torch.randn_like(self.hyperplanes) if self.resample and self.training else self.hyperplanes
        return q, k, v, kept_pairs(q.detach(), k.detach(), planes)

    def weights(self, x: Tensor) -> Tensor:
        """Return the attention matrix (N, heads, L, L) of `x` (N, L, width), zero outside the kept pairs."""
        q, k, _, kept = self.project(x)
        return attention_weights(q, k, kept)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the block's output (N, L, width) and the fraction of pairs it used (N,)."""
        q, k, v, kept = self.project(x)
        if kept is None or self.masked:
            attended = dense_attention(q, k, v, kept)
        else:
            attended = sparse_attention(q, k, v, kept).output
        fraction = x.new_ones(len(x)) if kept is None else kept.float().mean((1, 2, 3))
        x = self.norm(x + self.dropout(self.out(attended.transpose(1, 2).flatten(2))))
        if self.feed_forward is not None:
            x = self.last_norm(x + self.feed_forward(x))
        return x, fraction

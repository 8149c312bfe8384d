"""HTNet (Wang et al. 2024): a transformer in three levels reads four regions of the flow map, laid out as one map.

Input ``flow`` (N, 3, 28, 28), channels u, v, strain. Squares of 14 x 14 pixels around both eyes and both corners of the
mouth are cut out and put together as two rows of tiles. With a width of 256::

    tiles                                        (N,    3, 28, 28)
    patches, 1x1 conv                            (N,  256,  4,  4)
    2 blocks of  3 heads; 3x3 conv, norm, pool   (N,  512,  2,  2)
    2 blocks of  6 heads; 3x3 conv, norm, pool   (N, 1024,  1,  1)
    10 blocks of 12 heads; norm, mean            (N, 1024)
    linear                                       (N, classes)

A block is ``x + attention(norm(x))``, then ``x + perceptron(norm(x))``. In the published code, attention works inside
squares of positions, and in each level the square holds a single position. A softmax over one token is 1, so queries
and keys change nothing, and positions mix only in the convolutions between the levels.

Source: Z. Wang, K. Zhang, W. Luo, R. Sankaranarayana, "HTNet for micro-expression recognition", Neurocomputing 602
(2024), and the layers of the authors' published code. Parameters: 139,582,982 with three classes.

Decisions where the sources are silent or disagree:

Points   The authors find eyes and mouth by a detector on frames, take x for the row and label the points in another
         order. The public maps come without frames, so our `centres` are the same for every clip: the places where
         these maps show eyes and mouth (`clips.puzzle`), with x as the column.
Channels They read B, G, R, that is strain, v, u. The first layer treats all channels alike, so we keep our order.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from merlib.errors import MerlibError
from merlib.models.blocks.input_check import take_input

SIZE, TILE, PATCH = 28, 14, 7
HEADS = (3, 6, 12)
CENTRES = ((7, 7), (21, 7), (7, 20), (21, 20))  # x, y of the eyes and mouth corners, left ones first


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of each position."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C, H, W) from `x` of that shape."""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class TokenAttention(nn.Module):
    """Attention of each position to itself, with heads whose size is rounded down."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads, inner = heads, width // heads * heads
        self.queries_keys_values = nn.Conv2d(width, 3 * inner, 1, bias=False)
        self.out = nn.Conv2d(inner, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, width, H, W) from `x` of that shape."""
        parts = self.queries_keys_values(x).chunk(3, 1)  # (N, inner, H, W) each
        q, k, v = (part.movedim(1, -1).unflatten(-1, (self.heads, 1, -1)) for part in parts)  # (N, H, W, heads, 1, d)
        attended = functional.scaled_dot_product_attention(q, k, v)
        return self.out(attended.flatten(3).movedim(-1, 1))


class Block(nn.Module):
    """Attention, then a perceptron four times as wide; each reads the normalised map and is added to its input."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.attention = nn.Sequential(ChannelNorm(width), TokenAttention(width, heads))
        self.perceptron = nn.Sequential(
            ChannelNorm(width), nn.Conv2d(width, 4 * width, 1), nn.GELU(), nn.Conv2d(4 * width, width, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, width, H, W) from `x` of that shape."""
        x = x + self.attention(x)
        return x + self.perceptron(x)


class Level(nn.Module):
    """Add one learned number to all values of the map, then apply the blocks of a level."""

    def __init__(self, width: int, heads: int, depth: int):
        super().__init__()
        self.position = nn.Parameter(torch.randn(1))
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, width, H, W) from `x` of that shape."""
        return self.blocks(x + self.position)


class HTNet(nn.Module):
    """Hierarchical transformer on the tiles of four face regions.

    Parameters
    ----------
    classes : int
        Number of emotion classes.
    width : int
        Channels of the first level, at least 3; the others have twice and four times as many. 256 as published.
    depths : tuple of int
        Blocks of each of the three levels.
    centres : tuple of (int, int)
        x and y of the four tiles' centres in pixels; a centre too near the edge is moved until its tile lies inside.

    Raises
    ------
    MerlibError
        When an option does not fit, or the input is missing or is not (N, 3, 28, 28).
    """

    name = "htnet"
    input_name = "flow"

    def __init__(
        self,
        classes: int = 3,
        width: int = 256,
        depths: tuple[int, int, int] = (2, 2, 10),
        centres: tuple[tuple[int, int], ...] = CENTRES,
    ):
        super().__init__()
        if width < HEADS[0] or len(depths) != len(HEADS) or len(centres) != len(CENTRES):
            found = f"htnet: width {width}, depths {tuple(depths)}, {len(centres)} centres."
            raise MerlibError(found, "a width of 3 or more, three depths, four centres.", "correct the options.")
        half = TILE // 2
        self.corners = [[min(max(int(c), half), SIZE - half) - half for c in centre] for centre in centres]
        widths = [width * 2**level for level in range(len(HEADS))]
        self.patches = nn.Conv2d(3, width, PATCH, stride=PATCH)
        self.levels = nn.ModuleList(Level(*each) for each in zip(widths, HEADS, depths, strict=True))
        self.between = nn.ModuleList(
            nn.Sequential(nn.Conv2d(low, high, 3, padding=1), ChannelNorm(high), nn.MaxPool2d(3, stride=2, padding=1))
            for low, high in pairwise(widths)
        )
        self.norm = ChannelNorm(widths[-1])
        self.classifier = nn.Linear(widths[-1], classes)

    def tiles(self, flow: Tensor) -> Tensor:
        """Return the four regions of `flow` (N, 3, 28, 28) as one map (N, 3, 28, 28): eyes above, mouth below."""
        cut = [flow[..., top : top + TILE, left : left + TILE] for left, top in self.corners]
        return torch.cat([torch.cat(cut[:2], -1), torch.cat(cut[2:], -1)], -2)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return logits (N, classes)."""
        flow = take_input(self.name, inputs, "flow", (3, SIZE, SIZE))
        x = self.levels[0](self.patches(self.tiles(flow)))  # (N, 256, 4, 4)
        for shrink, level in zip(self.between, self.levels[1:], strict=True):
            x = level(shrink(x))  # (N, 512, 2, 2), then (N, 1024, 1, 1)
        return self.classifier(self.norm(x).mean((2, 3)))

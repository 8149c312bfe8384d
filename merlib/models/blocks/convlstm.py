"""Convolutional LSTM (Shi et al. 2015) as ASTNet prints it: Eq. 6-11, without peepholes (ASTNET-B12)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ConvLSTM(nn.Module):
    """An LSTM whose products are convolutions, so that the state keeps its place in the picture.

    ``i, f, o = sigmoid(W_x * X_t + W_h * H_(t-1) + b)`` for each gate, ``C~ = tanh(...)`` likewise,
    ``C_t = f C_(t-1) + i C~``, ``H_t = o tanh(C_t)``; both states start at zero. The paper calls C_t the result and
    H_t the next input; as in any LSTM both are carried on and H_t is the output (ASTNET-B12).

    Parameters
    ----------
    in_channels : int
        Channels of a step's map.
    hidden : int
        Channels of both states.
    kernel_size : int
        Odd; maps keep their size.
    """

    def __init__(self, in_channels: int, hidden: int, kernel_size: int = 3):
        super().__init__()
        self.hidden = hidden
        same = kernel_size // 2
        self.from_input = nn.Conv2d(in_channels, 4 * hidden, kernel_size, padding=same)  # W_x and b: i, f, o, C~
        self.from_hidden = nn.Conv2d(hidden, 4 * hidden, kernel_size, padding=same, bias=False)  # W_h

    def step(self, drive: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return (H_t, C_t), (N, hidden, h, w) each.

        Parameters
        ----------
        drive : Tensor (N, 4 hidden, h, w)
            ``W_x * X_t + b`` of the four gates.
        state : tuple of Tensor
            (H, C) of the step before.
        """
        hidden, cell = state
        input_gate, forget_gate, output_gate, candidate = (drive + self.from_hidden(hidden)).chunk(4, 1)
        cell = forget_gate.sigmoid() * cell + input_gate.sigmoid() * candidate.tanh()  # Eq. 10
        return output_gate.sigmoid() * cell.tanh(), cell  # Eq. 11

    def forward(self, sequence: Tensor) -> Tensor:
        """Return H of every step (N, T, hidden, h, w) from `sequence` (N, T, in_channels, h, w)."""
        n, steps = sequence.shape[:2]
        drive = self.from_input(sequence.flatten(0, 1)).unflatten(0, (n, steps))  # all steps at once
        state = (sequence.new_zeros(n, self.hidden, *sequence.shape[-2:]),) * 2
        outputs = []
        for t in range(steps):
            state = self.step(drive[:, t], state)
            outputs.append(state[0])
        return torch.stack(outputs, 1)

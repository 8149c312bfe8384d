"""ConvLSTM: one step by hand, and the LSTM it becomes on a map of one pixel."""

from __future__ import annotations

from math import exp, tanh

import torch

from merlib.models.blocks.convlstm import ConvLSTM


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


def test_two_steps_agree_with_the_equations_worked_out_by_hand():
    cell = ConvLSTM(1, 1, kernel_size=1)
    wx, wh, b = (0.5, -1.0, 2.0, 1.5), (0.3, 0.7, -0.2, 0.4), (0.1, 0.2, -0.1, 0.05)  # i, f, o, candidate
    with torch.no_grad():
        cell.from_input.weight[:] = torch.tensor(wx).reshape(4, 1, 1, 1)
        cell.from_input.bias[:] = torch.tensor(b)
        cell.from_hidden.weight[:] = torch.tensor(wh).reshape(4, 1, 1, 1)
    h = c = 0.0
    expected = []
    for x in (0.8, -0.6):
        i, f, o = (sigmoid(wx[k] * x + wh[k] * h + b[k]) for k in range(3))  # Eq. 6-8
        c = f * c + i * tanh(wx[3] * x + wh[3] * h + b[3])  # Eq. 9-10
        h = o * tanh(c)  # Eq. 11
        expected.append(h)
    out = cell(torch.tensor([0.8, -0.6]).reshape(1, 2, 1, 1, 1))
    torch.testing.assert_close(out.flatten(), torch.tensor(expected))


def test_on_one_pixel_it_is_the_lstm_of_torch():
    torch.manual_seed(0)
    cell, lstm = ConvLSTM(3, 5, kernel_size=1), torch.nn.LSTM(3, 5, batch_first=True)
    order = torch.cat([torch.arange(5) + 5 * k for k in (0, 1, 3, 2)])  # i, f, g, o of torch to i, f, o, g
    with torch.no_grad():
        cell.from_input.weight[:] = lstm.weight_ih_l0[order][..., None, None]
        cell.from_input.bias[:] = (lstm.bias_ih_l0 + lstm.bias_hh_l0)[order]
        cell.from_hidden.weight[:] = lstm.weight_hh_l0[order][..., None, None]
    x = torch.randn(2, 7, 3)
    torch.testing.assert_close(cell(x[..., None, None])[..., 0, 0], lstm(x)[0])


def test_it_keeps_the_map_and_its_parameters_follow_the_formula():
    cell = ConvLSTM(4, 6, kernel_size=3)
    assert cell(torch.randn(2, 5, 4, 7, 9)).shape == (2, 5, 6, 7, 9)
    assert sum(p.numel() for p in cell.parameters()) == 4 * 6 * ((4 + 6) * 9 + 1)


def test_the_future_does_not_reach_the_past_and_the_past_reaches_the_future():
    cell = ConvLSTM(1, 2).eval()
    x = torch.randn(1, 4, 1, 5, 5)
    later, earlier = x.clone(), x.clone()
    later[:, 3] += 1
    earlier[:, 0] += 1
    base = cell(x)
    torch.testing.assert_close(cell(later)[:, :3], base[:, :3])
    assert not torch.allclose(cell(earlier)[:, 3], base[:, 3])


def test_a_pixel_influences_its_neighbourhood_only_as_far_as_the_kernels_reach():
    cell = ConvLSTM(1, 1, kernel_size=3)
    x = torch.zeros(1, 2, 1, 9, 9)
    touched = x.clone()
    touched[0, 0, 0, 4, 4] = 1
    moved = (cell(touched) - cell(x)).abs()[0, :, 0] > 0
    assert moved[0].nonzero().tolist() == [[r, c] for r in (3, 4, 5) for c in (3, 4, 5)]
    assert moved[1].nonzero().amin() == 2  # two kernels of three reach two pixels
    assert moved[1].nonzero().amax() == 6

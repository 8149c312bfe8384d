"""What every network must pass: learn one batch by heart, and hand a gradient to every parameter."""

from __future__ import annotations

import torch
from torch.nn import functional

LEARNT = 0.1  # mean cross entropy at which training stops early


def logits_of(output):
    return output if isinstance(output, torch.Tensor) else output.logits


def accuracy_after_overfitting(model, inputs, labels, steps=60, learning_rate=2e-3, inference=False) -> float:
    """Train on one batch and return the accuracy on it without dropout, with batch statistics unless `inference`."""
    optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate)
    model.train()
    for _ in range(steps):
        optimiser.zero_grad()
        loss = functional.cross_entropy(logits_of(model(inputs)), labels)
        if loss < LEARNT:
            break
        loss.backward()
        optimiser.step()
    if inference:
        model.eval()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.eval()
    with torch.no_grad():
        return (logits_of(model(inputs)).argmax(1) == labels).float().mean().item()


def parameters_without_gradient(model, inputs, labels) -> list[str]:
    """Return the names of parameters that no gradient reaches; a bias before batch norm rightly gets zero."""
    model.zero_grad()
    functional.cross_entropy(logits_of(model(inputs)), labels).backward()
    learned = {name: p for name, p in model.named_parameters() if p.requires_grad}
    return [name for name, p in learned.items() if p.grad is None or (p.dim() > 1 and not p.grad.abs().sum() > 0)]

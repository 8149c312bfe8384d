"""The device that networks are trained on, checked before anything is trained."""

from __future__ import annotations

import os

from merlib.errors import MerlibError

VARIABLE = "MERLIB_DEVICE"
KINDS = ("cpu", "cuda", "mps")


def check_device(name: str, where: str) -> str:
    """Return the torch device called `name`, in lower case, if this machine has it.

    Parameters
    ----------
    name : str
        ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    where : str
        Where the name was given, such as ``MERLIB_DEVICE=cuda``, for the message.

    Raises
    ------
    MerlibError
        For another name, and for a device that is not here.
    """
    chosen = name.strip().lower()
    kind, _, index = chosen.partition(":")
    if kind not in KINDS or (index and not index.isdigit()):
        raise MerlibError(f"{where}.", f"{', '.join(KINDS)} or cuda:N.", _instead(where))
    if kind == "cpu":
        return "cpu"
    import torch

    if kind == "mps" and not torch.backends.mps.is_available():
        raise MerlibError(f"{where}, where PyTorch finds no Apple GPU.", "a device of this machine.", _instead(where))
    if kind == "cuda":
        cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if int(index or 0) >= cards:
            found = f"{where}, where PyTorch {torch.__version__} finds {cards or 'no'} CUDA cards."
            wanted = f"cuda:0 to cuda:{cards - 1}." if cards else "a card, its driver and a PyTorch built for CUDA."
            raise MerlibError(found, wanted, _instead(where))
    return chosen


def check_named_device() -> None:
    """Check the device that MERLIB_DEVICE names, if it names one."""
    named = os.environ.get(VARIABLE)
    if named:
        check_device(named, f"{VARIABLE}={named}")


def _instead(where: str) -> str:
    return f"set {VARIABLE}=cpu or unset it." if where.startswith(VARIABLE) else "take device='cpu', or leave it out."

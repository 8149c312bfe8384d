"""What reads the motion: the five networks, their shared blocks, and the baselines they are compared with."""

from merlib.models.registry import available, build_model, register_model

__all__ = ["available", "build_model", "register_model"]

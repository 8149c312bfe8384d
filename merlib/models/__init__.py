"""The models that read the motion: the five networks, their shared blocks, and the baselines compared with them."""

from merlib.models.registry import available, build_model, register_model

__all__ = ["available", "build_model", "register_model"]

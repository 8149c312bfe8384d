"""Every test of this folder trains small models in a clean environment."""

from clean_learning import clean_environment, root, samples

__all__ = ["clean_environment", "root", "samples"]

"""Explaining networks: they are trained fold by fold and kept, and their maps are compared with the true motion."""

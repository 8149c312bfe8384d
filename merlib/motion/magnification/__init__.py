"""Magnify subtle motion: with the learned network of Oh et al., or by Eulerian or Lagrangian magnification."""

from merlib.motion.magnification.magnify import METHODS, Magnified, choose_method, factor_sequence, magnify

__all__ = ["METHODS", "Magnified", "choose_method", "factor_sequence", "magnify"]

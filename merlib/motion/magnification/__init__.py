"""Making subtle motion visible: the learned network of Oh et al., Eulerian and Lagrangian magnification."""

from merlib.motion.magnification.magnify import METHODS, Magnified, choose_method, factor_sequence, magnify

__all__ = ["METHODS", "Magnified", "choose_method", "factor_sequence", "magnify"]

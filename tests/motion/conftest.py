"""Tests of this room compute on one thread each, beside those of other rooms."""

from motion_fixtures import one_thread_each, register_weights

__all__ = ["one_thread_each", "register_weights"]

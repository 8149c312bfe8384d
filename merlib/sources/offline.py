"""The switch that forbids all downloads: with ``MERLIB_OFFLINE=1`` nothing is fetched from anywhere."""

from __future__ import annotations

import os

OFFLINE_VARIABLE = "MERLIB_OFFLINE"


def is_offline() -> bool:
    """Return whether ``MERLIB_OFFLINE`` forbids downloads; any value except an empty one and 0 does."""
    return os.environ.get(OFFLINE_VARIABLE, "").strip() not in ("", "0")

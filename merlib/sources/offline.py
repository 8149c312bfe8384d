"""One switch for every download: with ``MERLIB_OFFLINE=1`` nothing is fetched from anywhere."""

from __future__ import annotations

import os

OFFLINE_VARIABLE = "MERLIB_OFFLINE"


def is_offline() -> bool:
    """Tell whether ``MERLIB_OFFLINE`` forbids downloads: any value but an empty one and 0 does."""
    return os.environ.get(OFFLINE_VARIABLE, "").strip() not in ("", "0")

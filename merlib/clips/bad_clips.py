"""What is done with a clip that cannot be used: one policy, named alike wherever it is set."""

from __future__ import annotations

from merlib.errors import unknown_name

ERROR, LEAVE_OUT = "error", "leave-out"
POLICIES = (ERROR, LEAVE_OUT)
ADVICE = "on_bad_clip='leave-out' (merlib run --on-bad-clip leave-out) leaves such clips out, each with its reason"


def check_policy(on_bad_clip: str) -> str:
    """Return the policy: ``error`` stops at a bad clip, ``leave-out`` goes on without it and notes the reason.

    Raises
    ------
    MerlibError
        For another word.
    """
    if on_bad_clip not in POLICIES:
        raise unknown_name("value of on_bad_clip", on_bad_clip, POLICIES)
    return on_bad_clip

"""The two policies for a clip that cannot be used. They have the same names wherever a policy can be chosen."""

from __future__ import annotations

from merlib.errors import unknown_name

ERROR, LEAVE_OUT = "error", "leave-out"
POLICIES = (ERROR, LEAVE_OUT)
ADVICE = "on_bad_clip='leave-out' (merlib run --on-bad-clip leave-out) leaves such clips out, each with its reason"


def check_policy(on_bad_clip: str) -> str:
    """Return the policy unchanged if it exists.

    ``error`` stops at the first bad clip; ``leave-out`` goes on without it and notes the reason.

    Raises
    ------
    MerlibError
        For another word.
    """
    if on_bad_clip not in POLICIES:
        raise unknown_name("value of on_bad_clip", on_bad_clip, POLICIES)
    return on_bad_clip

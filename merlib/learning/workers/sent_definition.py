"""Send a model that a notebook's cell or a script defines to worker processes, which could not import it."""

from __future__ import annotations

import sys

import cloudpickle

from merlib.code_in_memory import SCRIPT
from merlib.errors import MerlibError


def definition_of(module: str, name: str) -> bytes:
    """Return the class or function `name` as a pickle if `module` is ``__main__``, else no bytes.

    Raises
    ------
    MerlibError
        When the definition holds something that cannot be sent, such as an open file.
    """
    if module != SCRIPT:
        return b""
    try:
        return cloudpickle.dumps(getattr(sys.modules[SCRIPT], name))
    except Exception as error:  # whatever the user's own objects raise when they are pickled
        raise MerlibError(
            f"{name} cannot be sent to worker processes: {type(error).__name__}: {error}.",
            "a class or function that holds nothing of this process alone, such as an open file or a lock.",
            "give workers=1, or write it into my_models.py and import it from there.",
        ) from error


def take_definition(definition: bytes, name: str) -> None:
    """Put a definition that was sent to this process where the registry finds it; empty bytes change nothing."""
    if definition:
        setattr(sys.modules[SCRIPT], name, cloudpickle.loads(definition))

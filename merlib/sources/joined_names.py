"""Names of samples that join two sources, or that shuffle a source's labels, and the sources behind a name."""

from __future__ import annotations

from merlib.sources.manifests import available_manifests, load_manifest

AND = "-and-"
PLACEBO = "-placebo"


def sources_in(name: str) -> tuple[str, ...]:
    """Return the sources behind a name of samples: a and b for ``a-and-b``, a for ``a-placebo``."""
    return tuple(name.removesuffix(PLACEBO).split(AND))


def is_public(name: str) -> bool:
    """Return whether the manifests call every source behind a name of samples public."""
    manifests = [each.replace("-", "_") for each in sources_in(name)]
    return all(each in available_manifests() and load_manifest(each).access == "public" for each in manifests)

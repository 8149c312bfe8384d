"""Names of samples that hold more than one source, or a source with shuffled labels, and what they are made of."""

from __future__ import annotations

from merlib.sources.manifests import available_manifests, load_manifest

AND = "-and-"
PLACEBO = "-placebo"


def sources_in(name: str) -> tuple[str, ...]:
    """Return the sources that samples of a name hold: of ``a-and-b`` both, of ``a-placebo`` the source a."""
    return tuple(name.removesuffix(PLACEBO).split(AND))


def is_public(name: str) -> bool:
    """Whether every source that samples of this name hold is public by its manifest."""
    manifests = [each.replace("-", "_") for each in sources_in(name)]
    return all(each in available_manifests() and load_manifest(each).access == "public" for each in manifests)

"""What is fetched: manifests of the data sets, hash-checked archives, published logs and reported values."""

from merlib.sources.counts import counted_schemes, subject_counts
from merlib.sources.places import manifests_dir, repository_root

__all__ = ["counted_schemes", "manifests_dir", "repository_root", "subject_counts"]

"""What is fetched: manifests of the data sets, hash-checked archives, published logs and reported values."""

from merlib.sources.counts import counted_schemes, subject_counts
from merlib.sources.croissant import to_croissant
from merlib.sources.manifests import DatasetManifest, available_manifests, download_files, load_manifest
from merlib.sources.places import manifests_dir, repository_root

__all__ = [
    "DatasetManifest",
    "available_manifests",
    "counted_schemes",
    "download_files",
    "load_manifest",
    "manifests_dir",
    "repository_root",
    "subject_counts",
    "to_croissant",
]

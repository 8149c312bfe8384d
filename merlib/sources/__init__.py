"""Published facts and files: manifests, errata, reported values, and hash-checked downloads of archives and weights."""

from merlib.places import manifests_dir, repository_root
from merlib.sources.archives import available_archives, fetch_archive
from merlib.sources.counts import counted_schemes, subject_counts
from merlib.sources.errata import Erratum, find_erratum, read_errata
from merlib.sources.manifests import DatasetManifest, available_manifests, download_files, load_manifest
from merlib.sources.published_logs import read_published_log
from merlib.sources.reported import reported_artefacts, reported_values

__all__ = [
    "DatasetManifest",
    "Erratum",
    "available_archives",
    "available_manifests",
    "counted_schemes",
    "download_files",
    "fetch_archive",
    "find_erratum",
    "load_manifest",
    "manifests_dir",
    "read_errata",
    "read_published_log",
    "reported_artefacts",
    "reported_values",
    "repository_root",
    "subject_counts",
]

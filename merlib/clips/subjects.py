"""The one spelling of every data set and person, as readers of clips use it; see `merlib.sources.subjects`."""

from __future__ import annotations

from merlib.sources.subjects import DATASETS, canonical_dataset, canonical_subject, subject_dataset

__all__ = ["DATASETS", "canonical_dataset", "canonical_subject", "subject_dataset"]

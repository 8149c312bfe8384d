"""One spelling for every person, as readers of clips see it; the rules live in ``sources``."""

from __future__ import annotations

from merlib.sources.subjects import DATASETS, canonical_dataset, canonical_subject, subject_dataset

__all__ = ["DATASETS", "canonical_dataset", "canonical_subject", "subject_dataset"]

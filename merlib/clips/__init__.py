"""How the library represents clips: clip tables, `Samples`, action units, landmarks and puzzles."""

from merlib.clips.action_units import action_unit_counts, parse_action_units
from merlib.clips.clip_table import clip_table, frames
from merlib.clips.frame_rows import as_frames
from merlib.clips.samples import Samples
from merlib.clips.subjects import canonical_dataset, canonical_subject, subject_dataset

__all__ = [
    "Samples",
    "action_unit_counts",
    "as_frames",
    "canonical_dataset",
    "canonical_subject",
    "clip_table",
    "frames",
    "parse_action_units",
    "subject_dataset",
]

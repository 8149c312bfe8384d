"""What was recorded: data-set readers, the public flow archive, the synthetic twin, clip table and Samples."""

from merlib.clips.audit import AuditReport, Finding, audit_flow_archive
from merlib.clips.clip_table import clip_table, frames
from merlib.clips.doors import open_samples, parse_data, register_reader
from merlib.clips.flow_archive import read_flow_archive
from merlib.clips.frame_rows import as_frames
from merlib.clips.samples import Samples
from merlib.clips.subjects import canonical_dataset, canonical_subject, subject_dataset

__all__ = [
    "AuditReport",
    "Finding",
    "Samples",
    "as_frames",
    "audit_flow_archive",
    "canonical_dataset",
    "canonical_subject",
    "clip_table",
    "frames",
    "open_samples",
    "parse_data",
    "read_flow_archive",
    "register_reader",
    "subject_dataset",
]

"""What was recorded: data-set readers, the public flow archive, the synthetic twin, clip table and Samples."""

from merlib.clips.action_units import action_unit_counts, parse_action_units
from merlib.clips.audit import AuditReport, Finding, audit_flow_archive
from merlib.clips.clip_table import clip_table, frames
from merlib.clips.doors import open_clips, open_samples, parse_data, register_clip_reader, register_reader
from merlib.clips.flow_archive import read_flow_archive
from merlib.clips.frame_rows import as_frames
from merlib.clips.official.audit import ClipAudit, audit_clips
from merlib.clips.official.composite import read_composite
from merlib.clips.official.export import export_clips
from merlib.clips.official.readers import read_casme2, read_samm, read_smic
from merlib.clips.phase_archive import read_phase_archive
from merlib.clips.samples import Samples
from merlib.clips.subjects import canonical_dataset, canonical_subject, subject_dataset
from merlib.clips.twin.macro import macro_clips

__all__ = [
    "AuditReport",
    "ClipAudit",
    "Finding",
    "Samples",
    "action_unit_counts",
    "as_frames",
    "audit_clips",
    "audit_flow_archive",
    "canonical_dataset",
    "canonical_subject",
    "clip_table",
    "export_clips",
    "frames",
    "macro_clips",
    "open_clips",
    "open_samples",
    "parse_action_units",
    "parse_data",
    "read_casme2",
    "read_composite",
    "read_flow_archive",
    "read_phase_archive",
    "read_samm",
    "read_smic",
    "register_clip_reader",
    "register_reader",
    "subject_dataset",
]

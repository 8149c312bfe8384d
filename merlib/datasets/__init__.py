"""Where clips come from: public archives of flow maps, licensed copies, and the synthetic twin."""

from merlib.datasets.archive.audit import AuditReport, Finding, audit_flow_archive
from merlib.datasets.archive.phases import read_phase_archive
from merlib.datasets.archive.reader import read_flow_archive
from merlib.datasets.official.audit import ClipAudit, audit_clips
from merlib.datasets.official.composite import read_composite
from merlib.datasets.official.export import export_clips
from merlib.datasets.official.readers import read_casme2, read_samm, read_smic
from merlib.datasets.own_clips import read_own_clips
from merlib.datasets.own_maps import read_own_maps
from merlib.datasets.registry import open_clips, open_samples, parse_data, register_clip_reader, register_reader
from merlib.datasets.twin.macro import macro_clips

__all__ = [
    "AuditReport",
    "ClipAudit",
    "Finding",
    "audit_clips",
    "audit_flow_archive",
    "export_clips",
    "macro_clips",
    "open_clips",
    "open_samples",
    "parse_data",
    "read_casme2",
    "read_composite",
    "read_flow_archive",
    "read_own_clips",
    "read_own_maps",
    "read_phase_archive",
    "read_samm",
    "read_smic",
    "register_clip_reader",
    "register_reader",
]

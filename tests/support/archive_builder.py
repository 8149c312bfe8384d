"""Small SYNTHETIC flow archives in both published layouts, for tests to plant faults in."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

FLAT = "datasets/STSNet_whole_norm_u_v_os"
LABEL_LIST = "combined_3_class2_for_optical_flow.csv"
HEADER = "dataset,sub,filename_o,label,apex,imagename,sub_filename"

# data set, subject and clip as an archive spells them, and the label
CLIPS = (
    ("casme2", "sub01", "EP02_01f", 1),
    ("casme2", "sub02", "EP01_11f", 0),
    ("smic", "s01", "s01_ne_01", 0),
    ("samm", "006", "006_1_2", 0),
    ("samm", "006", "006_1_3", 2),
)


def stretched_flow(seed: int) -> np.ndarray:
    """SYNTHETIC uint8 (3, 28, 28): channels u, v, strain, each spanning 0..255."""
    flow = np.random.default_rng(seed).integers(1, 255, (3, 28, 28), dtype=np.uint8)
    flow[:, 0, 0], flow[:, 27, 27] = 0, 255
    return flow


def write_map(path: Path, flow: np.ndarray) -> None:
    """Write (3, H, W) as RGB = u, v, strain."""
    path.parent.mkdir(parents=True, exist_ok=True)
    bgr = np.ascontiguousarray(flow.transpose(1, 2, 0)[..., ::-1])
    assert cv2.imwrite(str(path), bgr)


def write_flat(folder: Path, clips=CLIPS) -> Path:
    """Write the flat layout with its label list; the map of clip i is `stretched_flow(i)`."""
    lines = [HEADER]
    for i, (dataset, subject, clip, label) in enumerate(clips):
        write_map(folder / FLAT / f"{subject}_{clip} .png", stretched_flow(i))
        lines.append(f"{dataset},{subject},{clip},{label},,{subject}_{clip}.jpg,")
    (folder / LABEL_LIST).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write_by_subject(folder: Path, clips, flows) -> Path:
    """Write the leave-one-subject-out layout: own clips in u_test, everybody else's in u_train."""
    subjects = sorted({subject for _, subject, _, _ in clips})
    for (_, subject, clip, label), flow in zip(clips, flows, strict=True):
        for person in subjects:
            side = "u_test" if person == subject else "u_train"
            write_map(folder / "three_norm_u_v_os" / person / side / str(label) / f"{subject}_{clip} .png", flow)
    return folder

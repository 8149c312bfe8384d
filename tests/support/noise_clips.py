"""SYNTHETIC clip tables of small noise frames, which the exporter writes in every form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from merlib.clips.clip_table import clip_table

PEOPLE = {
    "casme2": {"sub03": ("disgust", "others", "others"), "sub11": ("surprise",)},
    "samm": {"006": ("anger", "other"), "014": ("contempt", "anger")},
    "smic": {"s02": ("negative", "positive"), "s14": ("negative", "surprise")},
}


@dataclass(frozen=True)
class Noise:
    """Frames of noise, grey or in colour, larger than the word in their corner."""

    seed: int
    grey: bool
    n: int = 9

    @property
    def numbers(self) -> np.ndarray:
        return np.arange(1, self.n + 1)

    def read(self, index: int) -> np.ndarray:
        rng = np.random.default_rng([self.seed, index])
        coarse = rng.integers(0, 256, (10, 16, 1 if self.grey else 3), dtype=np.uint8)
        return np.repeat(np.broadcast_to(coarse, (10, 16, 3)).repeat(4, axis=0), 4, axis=1)


def noise_clips(name: str, synthetic: bool = True) -> pd.DataFrame:
    rows = []
    for subject, labels in PEOPLE[name].items():
        for label in labels:
            clip = f"s{subject[1:]}_{label[:2]}_7{len(rows)}" if name == "smic" else f"{subject}_9_{len(rows)}"
            rows.append(
                {
                    "dataset": name,
                    "subject": subject,
                    "clip": clip,
                    "label": label,
                    "onset": 1,
                    "apex": None if name == "smic" else 4,
                    "offset": 7,
                    "fps": 100 if name == "smic" else 200,
                    "action_units": "" if name == "smic" else "4+L10",
                    "n_frames": 9,
                    "source": Noise(len(rows), name == "samm"),
                }
            )
    return clip_table(rows, name, "noise", synthetic)

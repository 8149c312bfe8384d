"""A twin written in its owners' form and read by their reader gives the arrays of the twin itself; SYNTHETIC.

Files bear the word SYNTHETIC and have the owners' format, JPEG or BMP, so the twin's own frames are taken through both
before they are compared.
"""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from merlib.datasets.official.export import QUALITY, choose_clips, export_clips
from merlib.datasets.official.frame_checks import FORMATS
from merlib.datasets.official.layouts import official_layouts
from merlib.datasets.official.readers import read_casme2, read_smic
from merlib.datasets.official.watermark import watermark
from merlib.datasets.twin.rendering.rendered import twin_clips
from merlib.inputs.preprocessing import clip_input, preprocessing

READERS = {"casme2": read_casme2, "smic": read_smic}
LOSSES = {"jpg": {"quality": QUALITY}, "bmp": {}}


class Stored:
    """The twin's frames as a file of the owners' layout keeps them."""

    def __init__(self, source, ending):
        self.source, self.numbers, self.ending = source, source.numbers, ending

    def read(self, index):
        kept = BytesIO()
        picture, options = Image.fromarray(watermark(self.source.read(index))), LOSSES[self.ending]
        picture.save(kept, format=FORMATS[self.ending], **options)
        return np.asarray(Image.open(kept).convert("RGB"))


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    ("feature", "choices"),
    [
        ("flow_sequence", {"size": 28, "unit": "px", "steady": "affine"}),
        ("magnified", {"size": 48, "length": 4}),
        ("frames", {"size": 32, "length": 4, "less_onset": True}),
    ],
)
def test_arrays_of_an_exported_twin_are_those_of_the_twin(name, feature, choices, tmp_path):
    table = choose_clips(twin_clips(name, seed=5), clips_per_subject=1).head(1)
    back = READERS[name](export_clips(table, name, tmp_path / "out"))
    same = {"magnifier": "eulerian"} if feature != "frames" else {}
    how = preprocessing(feature, apex="middle", **same, **choices)
    ending = official_layouts(name)[0].pattern.rpartition(".")[2]
    stored = table.assign(source=[Stored(source, ending) for source in table["source"]])
    ours, theirs = (clip_input(next(each.itertuples(index=False)), how) for each in (stored, back))
    assert ours.apex - table["onset"].iloc[0] == theirs.apex - back["onset"].iloc[0]
    np.testing.assert_array_equal(ours.array, theirs.array)

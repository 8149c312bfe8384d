"""The Middlebury format: bytes as published, and damaged files told apart."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from merlib.errors import MerlibError
from merlib.motion.flo import read_flo, write_flo


@pytest.fixture
def flow():
    return np.random.default_rng(0).normal(size=(3, 4, 2)).astype(np.float32)


def test_a_flow_survives_the_round_trip_exactly(tmp_path, flow):
    back = read_flo(write_flo(tmp_path / "new" / "pair.flo", flow))
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, flow)
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["pair.flo"]  # no temporary file is left


def test_the_bytes_are_tag_width_height_and_interleaved_rows(tmp_path):
    flow = np.zeros((1, 2, 2)) + 0.0
    with pytest.raises(MerlibError):  # one row has no derivative, so it is no flow here
        write_flo(tmp_path / "x.flo", flow)
    flow = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    content = write_flo(tmp_path / "x.flo", flow).read_bytes()
    assert struct.unpack("<fii", content[:12]) == (202021.25, 3, 2)
    assert struct.unpack("<12f", content[12:]) == tuple(range(12))


def damage(content: bytes) -> dict[str, bytes]:
    return {
        "empty": b"",
        "only a header": content[:12],
        "cut": content[:-1],
        "too long": content + b"\0",
        "wrong tag": b"PIEG" + content[4:],
        "big-endian tag": content[:4][::-1] + content[4:],
        "no width": content[:4] + struct.pack("<i", 0) + content[8:],
        "negative height": content[:8] + struct.pack("<i", -3) + content[12:],
        "width and height too large": content[:4] + struct.pack("<ii", 2**31 - 1, 2**31 - 1) + content[12:],
        "not a number": content[:12] + struct.pack("<f", np.nan) + content[16:],
    }


@pytest.mark.parametrize("kind", list(damage(b"\0" * 20)))
def test_a_damaged_file_is_refused_by_name(tmp_path, flow, kind):
    good = write_flo(tmp_path / "good.flo", flow).read_bytes()
    bad = tmp_path / "bad.flo"
    bad.write_bytes(damage(good)[kind])
    with pytest.raises(MerlibError, match=r"bad\.flo"):
        read_flo(bad)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(MerlibError, match=r"absent\.flo"):
        read_flo(tmp_path / "absent.flo")


def test_a_flow_that_is_not_finite_is_never_written(tmp_path, flow):
    flow[0, 0, 0] = np.inf
    with pytest.raises(MerlibError, match="finite"):
        write_flo(tmp_path / "x.flo", flow)
    assert not list(tmp_path.iterdir())


def test_unknown_motion_marked_by_the_format_is_passed_on(tmp_path, flow):
    flow[1, 1] = 1e10
    np.testing.assert_array_equal(read_flo(write_flo(tmp_path / "x.flo", flow)), flow)

"""The deposit: every file described, an altered one told, and only what git tracks."""

from __future__ import annotations

import json
import zipfile

import pytest

from merlib.errors import MerlibError
from merlib.publishing.site import deposit

pytest.importorskip("rocrate", reason="DEPOSIT NOT CHECKED: rocrate is not installed (pip install -e '.[deposit]')")


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    root = tmp_path / "checkout"
    for name in ("a.py", "results/reference/x/predictions/p.parquet", "results/reference/x/artefacts/r.json"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("content")
    record = {"id": "extra.x", "grade": "twin", "experiments": [{"predictions": {"path": "x/predictions/p.parquet"}}]}
    (root / "results/reference/x/artefacts/r.json").write_text(json.dumps(record))
    (root / "pyproject.toml").write_text("")
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    monkeypatch.setattr(deposit, "tracked_files", lambda folder: names)
    return root


def test_a_deposit_describes_each_file_and_what_a_record_rests_on(checkout, tmp_path):
    target = tmp_path / "deposit.zip"
    assert deposit.write_deposit(checkout, target) == 6
    folder = deposit.unpacked_deposit(target, tmp_path / "into")
    assert deposit.check_deposit(folder) == []
    graph = {one["@id"]: one for one in json.loads((folder / deposit.METADATA).read_text())["@graph"]}
    record = graph["results/reference/x/artefacts/r.json"]
    assert record["isBasedOn"] == [{"@id": "results/reference/x/predictions/p.parquet"}]
    assert len(graph["a.py"]["sha256"]) == 64
    assert "pandas==" in (folder / deposit.PACKAGES).read_text()
    assert str(tmp_path) not in (folder / deposit.METADATA).read_text()


def test_an_altered_or_missing_file_is_told(checkout, tmp_path):
    target = tmp_path / "deposit.zip"
    deposit.write_deposit(checkout, target)
    folder = deposit.unpacked_deposit(target, tmp_path / "into")
    (folder / "a.py").write_text("other")
    (folder / "pyproject.toml").unlink()
    assert len(deposit.check_deposit(folder)) == 2


def test_what_is_no_deposit_is_told(tmp_path):
    (tmp_path / "x.zip").write_text("no archive")
    with pytest.raises(MerlibError, match="no archive"):
        deposit.unpacked_deposit(tmp_path / "x.zip", tmp_path / "into")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as file:
        file.writestr("a", "b")
    with pytest.raises(MerlibError, match="0 crates"):
        deposit.unpacked_deposit(tmp_path / "empty.zip", tmp_path / "into")

"""The README's promises: its code blocks run, its ledger table is generated, its files exist."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np

from merlib.publishing.site.readme import fill_readme

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def test_add_your_model_block_trains_and_scores_a_new_network(monkeypatch, tmp_path, capsys):
    from merlib.models import registry

    monkeypatch.setattr(registry, "_MODELS", dict(registry._MODELS))
    monkeypatch.setenv("MERLIB_STORE", str(tmp_path))
    monkeypatch.setenv("MERLIB_PROGRESS", "off")
    (tmp_path / "my_models.py").write_text(BLOCKS[0], encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    import importlib

    names = vars(importlib.import_module("my_models"))
    assert len(names["predictions"]) == 442
    assert "Interval(value=" in capsys.readouterr().out


def test_add_your_data_block_reads_a_folder_into_samples(monkeypatch, tmp_path):
    from merlib.datasets import registry as doors

    monkeypatch.setattr(doors, "OWN_READERS", {})
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "my_sets.py").write_text(BLOCKS[1], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    np.save(tmp_path / "flow.npy", np.zeros((4, 3, 28, 28), np.float32))
    np.save(tmp_path / "people.npy", np.array(["a", "a", "b", "b"]))
    np.save(tmp_path / "labels.npy", np.array([0, 1, 2, 0]))
    samples = doors.open_samples("my-set", doors.parse_data([f"my-set={tmp_path}"], ["my_sets:read_my_set"]))
    sys.modules.pop("my_sets")
    assert samples.subjects.tolist() == ["a", "a", "b", "b"]
    assert not samples.synthetic


def test_ledger_table_is_what_the_committed_records_say():
    assert fill_readme(README) == README, "run: merlib maintain pages"


def test_every_variable_of_the_environment_is_explained():
    explained = set(re.findall(r"^\| `(MERLIB_[A-Z_]+)` \|", SETTINGS, flags=re.MULTILINE))
    code = [*(ROOT / "merlib").rglob("*.py"), *(ROOT / "tests").rglob("*.py"), ROOT / "Makefile"]
    used = {name for path in code for name in re.findall(r"\bMERLIB_[A-Z]+(?:_[A-Z]+)*\b", path.read_text("utf-8"))}
    assert used == explained


def test_files_that_the_readme_names_exist():
    named = re.findall(r"\]\(([\w./-]+)\)", README)
    named += re.findall(r"`((?:results|data_manifests)/[\w./-]+\.\w+)`", README)
    missing = [path for path in named if not (ROOT / path).exists()]
    assert not missing, f"named in the README but absent: {missing}"

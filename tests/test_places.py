"""Where manifests are looked for."""

from __future__ import annotations

import pytest

from merlib.errors import MerlibError
from merlib.sources import manifests_dir, repository_root


def test_root_is_the_checkout_whatever_the_working_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert (repository_root() / "merlib" / "errors.py").is_file()


def test_variable_overrides_the_checkout(monkeypatch, tmp_path):
    monkeypatch.setenv("MERLIB_MANIFESTS", str(tmp_path))
    assert manifests_dir() == tmp_path
    monkeypatch.delenv("MERLIB_MANIFESTS")
    assert manifests_dir() == repository_root() / "data_manifests"


def test_variable_naming_no_folder_is_an_error_that_names_it(monkeypatch, tmp_path):
    monkeypatch.setenv("MERLIB_MANIFESTS", str(tmp_path / "absent"))
    with pytest.raises(MerlibError, match="absent"):
        manifests_dir()

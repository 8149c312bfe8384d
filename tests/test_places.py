"""Where manifests are looked for."""

from __future__ import annotations

import pytest

from merlib import places
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


def test_without_a_checkout_results_lie_where_one_works(monkeypatch, tmp_path):
    for variable in ("MERLIB_RESULTS", "MERLIB_STORE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(places, "PACKAGE", tmp_path / "site-packages" / "merlib")
    monkeypatch.chdir(tmp_path)
    assert places.store_folder() == tmp_path / "results" / "store"
    with pytest.raises(MerlibError, match="git clone"):
        repository_root()


def test_a_package_reads_its_own_manifests_also_inside_another_checkout(monkeypatch, tmp_path):
    monkeypatch.delenv("MERLIB_MANIFESTS", raising=False)
    (tmp_path / "merlib" / "data_manifests").mkdir(parents=True)
    monkeypatch.setattr(places, "PACKAGE", tmp_path / "merlib")
    assert manifests_dir() == tmp_path / "merlib" / "data_manifests"


def test_results_are_put_where_the_variable_says(monkeypatch, tmp_path):
    monkeypatch.delenv("MERLIB_STORE", raising=False)
    monkeypatch.setenv("MERLIB_RESULTS", str(tmp_path))
    assert places.store_folder() == tmp_path / "store"
    monkeypatch.setenv("MERLIB_STORE", str(tmp_path / "other"))
    assert places.store_folder() == tmp_path / "other"

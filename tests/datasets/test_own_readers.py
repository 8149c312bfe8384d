"""A data set of one's own comes in by the name of its reader, from any working folder, or is told why not."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint

import pytest

from merlib.clips.samples import Samples
from merlib.datasets import own_readers, registry
from merlib.datasets.own_readers import absolute_spec, load_reader
from merlib.errors import MerlibError

MODULE = """
import numpy as np
from merlib.clips import Samples

def read_maps(folder):
    flow = np.load(folder / "flow.npy")
    n = len(flow)
    return Samples({"flow": flow}, np.arange(n) % 2, ("negative", "positive"), [f"p{i // 2}" for i in range(n)],
                   ["my_set"] * n, [f"c{i}" for i in range(n)], "my-set", True, unit="px")

def read_clips(folder):
    from noise_clips import noise_clips
    return noise_clips("smic")

def read_nothing(folder):
    return None
"""


@pytest.fixture
def my_sets(tmp_path, monkeypatch):
    import numpy as np

    monkeypatch.setattr(registry, "OWN_READERS", {})
    monkeypatch.setattr(sys, "path", list(sys.path))
    folder = tmp_path / "data"
    folder.mkdir()
    np.save(folder / "flow.npy", np.random.default_rng(0).normal(size=(4, 3, 28, 28)))
    name = f"my_sets_{abs(hash(tmp_path)) % 10**8}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    yield name, tmp_path, folder
    sys.modules.pop(name, None)


@pytest.mark.parametrize("form", ["{name}:read_maps", "{path}/{name}.py:read_maps", "my-set={name}:read_maps"])
def test_samples_of_ones_own_are_opened_by_name(form, my_sets, monkeypatch):
    name, path, folder = my_sets
    monkeypatch.chdir(path)
    data = registry.parse_data([f"my-set={folder}"], [form.format(name=name, path=path)])
    samples = registry.open_samples("my-set", data)
    assert isinstance(samples, Samples)
    assert len(samples) == 4
    assert registry.open_samples("my-set", data) is samples  # read once
    assert not registry.holds_clips("my-set", data)
    again = registry.parse_data([f"my-set={folder}"], [form.format(name=name, path=path)])  # a cell is run twice
    assert registry.open_samples("my-set", again) is samples


def test_clips_of_ones_own_are_opened_by_name(my_sets, monkeypatch):
    name, path, folder = my_sets
    monkeypatch.chdir(path)
    data = registry.parse_data([f"my-set={folder}"], [f"{name}:read_clips"])
    assert registry.holds_clips("my-set", data)
    assert len(registry.open_clips("my-set", data)) == 4
    with pytest.raises(MerlibError, match="open_clips"):
        registry.open_samples("my-set", data)


def test_a_spec_of_the_working_folder_becomes_one_that_holds_elsewhere(my_sets, monkeypatch):
    name, path, folder = my_sets
    monkeypatch.chdir(path)
    spec = absolute_spec(f"my-set={name}:read_maps")
    assert spec == f"my-set={path / name}.py:read_maps"
    monkeypatch.chdir(folder)
    sys.modules.pop(name)
    assert load_reader(spec.partition("=")[2]).__name__ == "read_maps"


def test_a_package_may_declare_its_readers(my_sets, monkeypatch):
    name, path, folder = my_sets
    monkeypatch.syspath_prepend(str(path))
    point = EntryPoint("lab-set", f"{name}:read_maps", own_readers.GROUP)
    monkeypatch.setattr(own_readers, "entry_points", lambda group: [point] if group == own_readers.GROUP else [])
    own_readers.entry_point_readers.cache_clear()
    try:
        data = registry.parse_data([f"lab-set={folder}"])
        assert len(registry.open_samples("lab-set", data)) == 4
    finally:
        own_readers.entry_point_readers.cache_clear()


def test_an_unknown_source_says_how_ones_own_comes_in(tmp_path):
    with pytest.raises(MerlibError, match="--reader module:function"):
        registry.parse_data([f"my-set={tmp_path}"])
    with pytest.raises(MerlibError, match="did you mean 'casme2'"):
        registry.parse_data([f"CASME2={tmp_path}"])


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("my_sets", "module:function"),
        ("no_such_module_here:read", "cannot be imported"),
        ("no/such/file.py:read", "no file"),
        ("{name}:read_mapz", "read_maps"),
    ],
)
def test_a_reader_that_is_not_there_is_told(spec, told, my_sets, monkeypatch):
    name, path, folder = my_sets
    monkeypatch.chdir(path)
    with pytest.raises(MerlibError, match=told):
        registry.parse_data([f"my-set={folder}"], [spec.format(name=name)])


def test_a_reader_that_returns_something_else_is_told(my_sets, monkeypatch):
    name, path, folder = my_sets
    monkeypatch.chdir(path)
    data = registry.parse_data([f"my-set={folder}"], [f"{name}:read_nothing"])
    with pytest.raises(MerlibError, match="NoneType"):
        registry.open_samples("my-set", data)


def test_a_relative_folder_that_is_absent_is_told_in_full(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MerlibError) as refused:
        registry.parse_data(["megc2019-flow=data/maps"])
    assert repr(str(tmp_path / "data" / "maps")) in refused.value.found
    (tmp_path / "data" / "maps").mkdir(parents=True)
    assert registry.parse_data([" megc2019-flow = data/maps "])["megc2019-flow"].is_dir()

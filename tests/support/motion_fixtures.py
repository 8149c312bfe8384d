"""Fixtures of the rooms that compute motion: one thread each, and weights files of a test's own."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def one_thread_each():
    import cv2
    import torch
    from threadpoolctl import threadpool_limits

    before = cv2.getNumThreads(), torch.get_num_threads()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    cv2.setNumThreads(before[0])
    torch.set_num_threads(before[1])


@pytest.fixture
def register_weights(tmp_path, monkeypatch):
    """Make a file that a test wrote the published one of a registered name: its SHA-256 enters a registry of its own.

    Returns a function of the name and a function that writes the file's content to a path.
    """
    import hashlib

    import yaml

    from merlib.places import manifests_dir
    from merlib.sources.weights import FOLDER_VARIABLE, weights_entry

    published = manifests_dir()
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "weights"))

    def register(name, write):
        path = tmp_path / "weights" / weights_entry(name).file
        path.parent.mkdir(exist_ok=True)
        write(path)
        entries = yaml.safe_load((published / "weights.yaml").read_text(encoding="utf-8"))["weights"]
        (entry,) = (one for one in entries if one["name"] == name)
        entry.pop("unpinned", None)
        entry["bytes"] = path.stat().st_size
        entry["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        folder = tmp_path / f"manifests {entry['sha256'][:8]}"
        folder.mkdir()
        for other in published.iterdir():
            if other.name != "weights.yaml":
                (folder / other.name).symlink_to(other)
        (folder / "weights.yaml").write_text(yaml.safe_dump({"weights": entries}), encoding="utf-8")
        monkeypatch.setenv("MERLIB_MANIFESTS", str(folder))
        return path

    return register

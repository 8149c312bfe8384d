"""Which files of merlib were edited since the commit: by definitions, and only those that train the network."""

from __future__ import annotations

import subprocess

import pytest

from merlib.learning.store import commits
from merlib.learning.store.commits import edited_code
from merlib.learning.store.training_code import training_modules

FILES = {"net": "def forward(x):\n    return x\n", "other": "WIDTH = 1\n", "losses": "TAU = 0.5\n"}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A committed checkout whose network `net` is trained by its own file and by `losses`."""
    (tmp_path / "merlib").mkdir()
    for name, text in FILES.items():
        (tmp_path / "merlib" / f"{name}.py").write_text(text)
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    for words in (("init", "-q"), ("add", "merlib"), (*who, "commit", "-q", "-m", "all")):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    monkeypatch.setattr(commits, "find_checkout", lambda: tmp_path)
    monkeypatch.setattr(commits, "training_modules", lambda model, started: (model, "losses", "absent"))
    files = {name: tmp_path / "merlib" / f"{name}.py" for name in FILES}
    monkeypatch.setattr(commits, "file_of", files.get)
    return files


def test_an_edited_definition_is_told_and_an_edited_comment_is_not(checkout):
    assert edited_code("net") == ()
    checkout["net"].write_text("# how it moves\n" + FILES["net"])
    assert edited_code("net") == ()
    checkout["net"].write_text(FILES["net"].replace("return x", "return 0 * x"))
    checkout["losses"].write_text("TAU = 0.6\n")
    assert edited_code("net") == ("merlib/losses.py", "merlib/net.py")
    assert edited_code("other") == ("merlib/losses.py",)


def test_without_git_or_a_checkout_nothing_is_told(checkout, monkeypatch, tmp_path):
    checkout["net"].write_text("x = 1\n")
    (tmp_path / ".git").rename(tmp_path / "moved")
    assert edited_code("net") == ()
    monkeypatch.setattr(commits, "find_checkout", lambda: None)
    assert edited_code("net") == ()


def test_the_modules_of_a_network_are_those_that_its_digest_covers():
    modules = training_modules("am3f_flownet")
    assert {"merlib.models.am3f_flownet", "merlib.learning.losses", "merlib.learning.fast.am3f_flownet"} <= set(modules)
    assert "merlib.models.astnet" not in modules
    assert "merlib.learning.store.starts" in training_modules("am3f_flownet", started=True)

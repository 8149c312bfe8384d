"""Errors say what was found, what was expected and what to do, whatever the lists are that they name."""

from __future__ import annotations

from merlib.errors import unknown_name


def test_an_unknown_name_among_none_does_not_list_nothing():
    error = unknown_name("parameter", "seed", [])
    assert (
        str(error)
        == "Found: unknown parameter 'seed'.\nExpected: none, since there is no parameter here.\nDo: leave it out."
    )
    assert "one of profile, store." in str(unknown_name("parameter", "seed", ["store", "profile"]))

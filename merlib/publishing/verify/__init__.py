"""Checks of results: ours against published ones, committed files against themselves, runs against expected numbers."""

"""Blocks that two or more of the networks share, each written once."""

"""Diagrams of the networks, drawn from the live modules."""

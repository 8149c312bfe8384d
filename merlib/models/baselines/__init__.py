"""Peers and humble baselines that the five networks are compared with."""

"""Figures: results, clips, people, learning curves."""

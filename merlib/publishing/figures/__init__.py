"""Functions that draw the figures: results, clips, people, maps of attention, watched videos."""

"""Pages that are generated from the repository's own lists and records."""

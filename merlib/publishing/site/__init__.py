"""Pages made from records: README's tables."""

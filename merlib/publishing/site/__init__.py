"""Pages that are generated: README's tables, the book, and pages of records, errata, claims and the deposit."""

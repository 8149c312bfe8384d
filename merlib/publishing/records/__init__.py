"""Artefacts and their records: saving a table or a figure, and the ledger of all 73."""

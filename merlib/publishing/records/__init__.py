"""Artefacts and their records: functions that save a table or a figure, and the ledger of all 73 artefacts."""

"""Notebooks executed without a browser: plan, processes, kernel, records, pairs and rules."""

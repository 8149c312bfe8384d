"""Run notebooks without a browser, record what became of each, and check the notebooks that are committed."""

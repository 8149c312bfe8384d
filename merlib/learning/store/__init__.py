"""Where training results are kept: the fold store, committed references, pretrained starts, and the keys of these."""

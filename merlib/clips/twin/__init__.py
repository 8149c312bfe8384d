"""The synthetic twin: as many subjects and clips as the real data sets, drawn from a seed."""

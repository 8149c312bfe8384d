"""The leakage laboratory: LEAKY protocols, kept apart from everything that reads honest results."""

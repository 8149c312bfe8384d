"""The leakage laboratory: it runs LEAKY protocols, and nothing that reads honest results reads its results."""

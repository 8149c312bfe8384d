"""What the leakage laboratory shows: LEAKY, for comparison only."""

"""Tables and figures of the leakage laboratory: LEAKY, for comparison only."""

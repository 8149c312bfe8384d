"""The rendered twin: people, scenes and cameras, from a plan to frames."""

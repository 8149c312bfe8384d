"""The rendered twin: draw people, scenes and cameras, so that a plan becomes frames. SYNTHETIC."""

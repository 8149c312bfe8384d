"""The public archives of optical-flow maps: reading them, their labels, and their audit."""

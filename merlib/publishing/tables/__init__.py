"""Tables: metrics, classes, data, networks, preprocessing."""

"""Functions that compute the tables: metrics, classes, data, networks, preprocessing, and measured times."""

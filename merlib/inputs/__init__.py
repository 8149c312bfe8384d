"""Turn clips into arrays: preprocessing, maps, samples, their cache, and the measured accuracy of each step."""

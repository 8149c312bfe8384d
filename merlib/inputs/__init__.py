"""From a clip to an array: preprocessing, maps, samples of clips, their cache, and how exact each step is."""

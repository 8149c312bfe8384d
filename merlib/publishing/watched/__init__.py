"""Results on watched videos: the model that names events, measured spotting, and the figures and tables of them."""

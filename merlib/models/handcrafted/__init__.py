"""Hand-crafted methods that the papers compare with: a feature of each clip, and a support vector machine."""

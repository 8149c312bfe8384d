"""How one fold is trained: the loop, its optimiser, augmentation, and scikit-learn's estimators."""

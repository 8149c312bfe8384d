"""One fold trained: the loop, its optimiser, augmentation, and scikit-learn's estimators."""

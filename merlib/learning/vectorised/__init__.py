"""All folds and seeds of an experiment trained as one program, on a GPU."""

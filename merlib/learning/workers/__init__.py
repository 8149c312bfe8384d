"""The processes that train folds: their tasks, on this machine or on a cluster, their memory, and their progress."""

"""Where folds are trained: tasks for processes or a cluster, their memory, and progress."""

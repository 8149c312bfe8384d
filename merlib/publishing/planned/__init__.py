"""The comparisons that were planned before training: the plan, its runs, tests and tables."""

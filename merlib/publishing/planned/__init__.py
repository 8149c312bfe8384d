"""The planned comparisons on the public maps: the plan, its runs, tests and tables."""

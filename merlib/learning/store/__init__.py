"""What was trained and is kept: the fold store, committed references, starts, and what keys are made of."""

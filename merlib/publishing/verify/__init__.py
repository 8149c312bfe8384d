"""Published against regenerated: verdicts, and the numbers a smoke run must show."""

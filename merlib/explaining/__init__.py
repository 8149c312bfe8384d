"""Look at what a network computes on its way to an answer: shapes, hidden layers, attention, heat maps."""

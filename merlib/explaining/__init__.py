"""What a network computed on its way to an answer: shapes, hidden layers, attention."""

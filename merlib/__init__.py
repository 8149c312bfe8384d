"""merlib: the library behind an executable companion to five micro-expression recognition papers."""

__version__ = "0.1.0"

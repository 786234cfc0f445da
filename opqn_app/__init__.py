"""OPQN Photo Search: find a face in your own photos."""

__version__ = "0.1.0"

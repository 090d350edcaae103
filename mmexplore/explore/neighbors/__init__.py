"""Nearest molecules in a space: search, agreement of spaces, domain of a model."""

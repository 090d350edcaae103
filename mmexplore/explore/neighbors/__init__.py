"""Nearest neighbors in a space: search, agreement of spaces, applicability domain of a model."""

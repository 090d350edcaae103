"""Molecular graphs as tensors: atom and bond features, message passing, shortest paths."""

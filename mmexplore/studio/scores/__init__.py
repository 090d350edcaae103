"""Scores: those of one's own models, and those that were measured beside the papers'."""

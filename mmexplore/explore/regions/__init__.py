"""Regions of a map: where molecules lie close together, and what those have in common."""

"""The Subgraphs page."""

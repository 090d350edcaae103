"""Analysis of embeddings: maps, neighbors, explanations."""

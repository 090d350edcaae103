"""What is made of embeddings: maps, neighbors, explanations."""

"""Losses between embeddings: contrastive, relational, hypergraph, memory, latent space."""

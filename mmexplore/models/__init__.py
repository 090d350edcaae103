"""Models on disk and at work: checkpoints, registry, embeddings, queries."""

"""Activity cliffs: molecules near in structure and far in the label, and what changes between them."""

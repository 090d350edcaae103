"""Maps side by side."""

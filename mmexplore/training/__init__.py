"""Training of a recipe: trainer module, objectives, metrics, resume, warm starts."""

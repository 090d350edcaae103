"""Recipes of models and trainings: schema, presets, pre-training targets."""

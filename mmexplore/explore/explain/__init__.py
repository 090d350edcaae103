"""Explanations of a prediction: subgraphs, motifs of groups, contributions of modalities."""

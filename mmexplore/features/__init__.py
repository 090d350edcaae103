"""Featurization: what a modality records of a molecule, packed and kept."""

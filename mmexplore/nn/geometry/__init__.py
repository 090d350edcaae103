"""Molecules in space: conformers, atom pairs, spherical basis."""

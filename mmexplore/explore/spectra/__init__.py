"""Spectra beside structures: shifts predicted by environments, lists of peaks matched, molecules ranked and doubted."""

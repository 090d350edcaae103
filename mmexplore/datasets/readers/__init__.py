"""Readers of files: cells, columns, sources, downloads."""

"""Hyper-parameter search: trials of a recipe that varies, each told in a file of the study."""

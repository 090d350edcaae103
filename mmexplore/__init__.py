"""mmexplore: explore multi-modal molecular representations (MMSA, MMFRL). See README.md for the file tree."""

__version__ = "0.2.0"

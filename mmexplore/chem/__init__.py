"""Chemistry on RDKit: parsing, standardization, salts, fragments."""

"""Map card: a map as one file that a browser opens without a network, with its molecules and how it was made."""

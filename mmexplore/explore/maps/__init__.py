"""Maps of an embedding: layout, placing, quality, alignment, colors."""

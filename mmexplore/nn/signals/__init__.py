"""Images and spectra as tensors."""

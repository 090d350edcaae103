"""mmexplore: explore multi-modal molecular representations (MMSA, MMFRL)."""

import os as _os

_os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")  # on a Mac; torch reads it once, when it is imported

__version__ = "0.2.0"

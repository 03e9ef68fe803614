"""An array compiler: NumPy-like expressions in, fast functions out."""

from __future__ import annotations

from .__about__ import __version__

__all__ = ["__version__"]

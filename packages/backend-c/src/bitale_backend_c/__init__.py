"""The C backend: a Graph becomes one C file, a shared library, and a function of NumPy arrays."""

from bitale_backend_c.__about__ import __version__
from bitale_backend_c.compile import Compiled, compile, generate
from bitale_backend_c.export import Exported, ExportError, export

__all__ = ["Compiled", "ExportError", "Exported", "__version__", "compile", "export", "generate"]

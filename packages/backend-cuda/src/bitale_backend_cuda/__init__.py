"""Programs on NVIDIA GPUs: CUDA text, compiled by NVRTC, launched as one function. See compile.py."""

from .__about__ import __version__
from .checks import synchronise
from .compile import Compiled, compile, generate
from .devices import driver_of, install
from .errors import CompileError, CudaNotAvailable, LaunchError, OutOfMemory, WrongDevice
from .export import export
from .resident import resident

__all__ = [
    "CompileError", "Compiled", "CudaNotAvailable", "LaunchError", "OutOfMemory", "WrongDevice", "__version__",
    "compile", "driver_of", "export", "generate", "install", "resident", "synchronise",
]  # fmt: skip

"""The place of the CUDA backend: its names are fixed, its kernels are not part of this release."""

from __future__ import annotations

from typing import NoReturn

from bitale_graph.errors import BitaleError
from bitale_graph.graph import Graph

from .__about__ import __version__

__all__ = ["CudaNotAvailable", "__version__", "compile", "generate"]


class CudaNotAvailable(BitaleError, RuntimeError):
    """Something was to run on a GPU, and this release has no kernels for it."""


def compile(graph: Graph) -> NoReturn:
    """Refuse: a graph cannot be compiled for a GPU yet.

    Raises CudaNotAvailable, always.
    """
    raise CudaNotAvailable(_refusal("compile", graph))


def generate(graph: Graph) -> NoReturn:
    """Refuse: CUDA text cannot be generated yet.

    Raises CudaNotAvailable, always.
    """
    raise CudaNotAvailable(_refusal("generate", graph))


def _refusal(action: str, graph: Graph) -> str:
    return (
        f"bitale_backend_cuda.{action}: bitale-backend-cuda {__version__} holds no kernels, so the graph with "
        f"{len(graph.inputs)} inputs and {len(graph.outputs)} outputs cannot run on a GPU\n"
        f"  Use bitale_backend_c.{action}, or mode=\"c\" in bitale.function."
    )

"""Mode "cuda": functions run on a GPU, where their shared variables then live."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from bitale.guarded import Guarded
from bitale.interpreted import Arrays, formed
from bitale.options import Options
from bitale.specification import Specification
from bitale_backend_c.arguments import Arguments
from bitale_graph.errors import BitaleError
from bitale_graph.graph import Graph
from bitale_rewrite.explain import Record


class OnDevice:
    """A callable with the arguments, results and updates of compiled functions. `compiled` is the backend's."""

    def __init__(self, specification: Specification, arguments: Arguments, options: Options) -> None:
        self.specification = specification
        self.compiled = _compile(
            specification.graph,
            options,
            name=specification.name,
            arguments=arguments,
            cells=[v.cell for v in specification.states],
            updates=specification.targets,
        )

    def on_host(self) -> list[Record]:
        """The steps that the GPU leaves to the host."""
        missing = 'runs on the host, in C: CUDA has no "{}"'
        steps = self.compiled.emitted.host_steps.values()
        alone = "runs on the host: there is no routine for it"
        library = [Record("cuda", alone, s.note, s.op.name, None) for s in self.compiled.emitted.routines]
        return library + [
            Record("cuda", missing.format('", "'.join(s.missing)), "; ".join(s.kernel.note), s.name, None)
            for s in steps
        ]

    def __call__(self, *positional: Any, **keywords: Any) -> Any:
        return formed(self.specification.form, self.compiled(*positional, **keywords))


class GuardedOnDevice(Guarded):
    """As Guarded, on a GPU: results are looked at on the host, and what made a NaN is found by the reference."""

    def compile(self) -> Callable[..., Arrays]:
        run: Callable[..., Arrays] = _compile(self.specification.graph, self.options, name=self.specification.name)
        return run


def _compile(graph: Graph, options: Options, **further: Any) -> Any:
    """`graph` for the GPU that the options name. Raises CudaNotAvailable, which says what is missing."""
    cuda = backend()
    further |= {"preserves": options.preserves, "checked": options.check_graphs, "tf32": options.tf32}
    return cuda.compile(graph, driver=cuda.driver_of(options.device), **further)


def synchronise() -> None:
    """Wait for the functions that were called on GPUs.

    Raises the error of the first check that failed there, such as IndexError, where no result was asked for since.
    """
    cuda = sys.modules.get("bitale_backend_cuda")
    if cuda is not None:  # else nothing has been called
        cuda.synchronise()


def backend() -> ModuleType:
    """bitale_backend_cuda. Raises BitaleError where it is not installed."""
    try:
        import bitale_backend_cuda
    except ImportError as error:
        raise BitaleError(f'mode="cuda" needs bitale-backend-cuda ({error})\n  pip install "bitale[cuda12]"') from None
    return bitale_backend_cuda

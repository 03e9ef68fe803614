"""Mode "cuda": functions run on a GPU, where their shared variables then live."""

from __future__ import annotations

from typing import Any

from bitale.interpreted import formed
from bitale.options import Options
from bitale.specification import Specification
from bitale_backend_c.arguments import Arguments
from bitale_graph.errors import BitaleError


class OnDevice:
    """A callable with the arguments, results and updates of compiled functions. `compiled` is the backend's."""

    def __init__(self, specification: Specification, arguments: Arguments, options: Options) -> None:
        self.specification = specification
        self.compiled = _compile(specification, arguments, options)

    def __call__(self, *positional: Any, **keywords: Any) -> Any:
        return formed(self.specification.form, self.compiled(*positional, **keywords))


def _compile(specification: Specification, arguments: Arguments, options: Options) -> Any:
    try:
        from bitale_backend_cuda import compile, driver_of
    except ImportError as error:
        raise BitaleError(f'mode="cuda" needs bitale-backend-cuda ({error})\n  pip install "bitale[cuda12]"') from None
    return compile(
        specification.graph,
        driver=driver_of(options.device),
        name=specification.name,
        arguments=arguments,
        cells=[v.cell for v in specification.states],
        updates=specification.targets,
        preserves=options.preserves,
        checked=options.check_graphs,
    )

"""How one function is compiled and run: the settings that it was made under, which it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bitale.config import config
from bitale.specification import Specification
from bitale_backend_c.arguments import Arguments
from bitale_backend_c.compile import Compiled, compile
from bitale_graph.graph import Graph
from bitale_rewrite.rule import Preserves


@dataclass(frozen=True)
class Options:
    """mode: a key of MODES, perhaps with the number of a device. downcast: arguments are converted even where that
    rounds. The others are as in config.
    """

    mode: str
    downcast: bool
    threads: int
    preserves: frozenset[Preserves]
    check_graphs: bool
    device: int = 0
    tf32: bool = False

    @classmethod
    def current(cls, mode: str, downcast: bool) -> Options:
        """Those that `config` holds now; a mode such as "cuda:1" names its device."""
        number = mode.partition(":")[2]
        device = int(number) if number else config.device
        return cls(mode, downcast, config.threads, config.preserves, config.check_graphs, device, config.tf32)

    def compile(self, graph: Graph, **further: Any) -> Compiled:
        """`graph` in C. Raises NoCompiler where there is no compiler."""
        return compile(graph, threads=self.threads, preserves=self.preserves, checked=self.check_graphs, **further)

    def compile_function(self, specification: Specification, arguments: Arguments) -> Compiled:
        """A function in C, which works on its shared variables in place."""
        return self.compile(
            specification.graph,
            name=specification.name,
            arguments=arguments,
            cells=[v.cell for v in specification.states],
            updates=specification.targets,
            form=specification.form,
        )

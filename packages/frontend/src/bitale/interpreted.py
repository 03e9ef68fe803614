"""Functions run by the NumPy reference, node by node; the modes that check results build on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from threading import RLock
from typing import Any

import numpy as np

from bitale.options import Options
from bitale.specification import Specification
from bitale_backend_c.arguments import Arguments, on_host
from bitale_backend_c.shim import Form
from bitale_graph.graph import Graph
from bitale_graph.laziness import lazily
from bitale_graph.reference import evaluate

Arrays = list[np.ndarray]
_stateful = RLock()  # calls that read or change shared variables run one after the other


class Interpreted:
    """A callable with the arguments, results and updates of compiled functions."""

    def __init__(self, specification: Specification, arguments: Arguments, options: Options) -> None:
        self.specification = specification
        self.arguments = arguments
        self.options = options
        whole = specification.graph
        self.graph = Graph(whole.inputs, lazily(whole.outputs), whole.name)  # what no branch takes is not computed

    def __call__(self, *positional: Any, **keywords: Any) -> Any:
        with _stateful if self.specification.states else nullcontext():
            return self.finish(self.results(self.values(positional, keywords)))

    def values(self, positional: Sequence[Any], keywords: Mapping[str, Any]) -> Arrays:
        """The arguments, then the shared variables' values."""
        if keywords or len(positional) != len(self.arguments.inputs):
            positional = self.arguments.arrange(tuple(positional), keywords)
        given = [self.arguments.convert(number, value) for number, value in enumerate(positional)]
        return [*given, *(on_host(v.cell[0]) for v in self.specification.states)]

    def results(self, values: Arrays) -> Arrays:
        """Outputs and new values. Nothing is changed before they are all there."""
        return evaluate(self.graph, values)

    def finish(self, results: Arrays) -> Any:
        """Update the shared variables, and give the outputs their form."""
        specification = self.specification
        for output, state in specification.targets.items():
            specification.states[state].cell[0] = np.require(results[output], requirements=("C", "A", "W"))
        return formed(specification.form, results[: len(specification.outputs)])


def formed(form: Form, outputs: list[Any]) -> Any:
    """Outputs as callers get them."""
    if form is Form.SINGLE:
        return outputs[0]
    if form is Form.NOTHING:
        return None
    return tuple(outputs) if form is Form.TUPLE else outputs

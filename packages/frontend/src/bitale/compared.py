"""Mode "compare": functions run in C and by the reference, which must agree."""

from __future__ import annotations

import numpy as np

from bitale.guarded import is_finite
from bitale.interpreted import Arrays, Interpreted
from bitale.options import Options
from bitale.specification import Specification
from bitale_backend_c.arguments import Arguments
from bitale_graph.dtypes import INEXACT, kind, limits
from bitale_graph.errors import BitaleError, explain
from bitale_graph.graph import Graph
from bitale_graph.reference import evaluate
from bitale_graph.variable import Variable
from bitale_rewrite import optimise

SHOWN = 4  # elements of each array in a message


class DisagreementError(BitaleError, AssertionError):
    """Compiled code and the reference gave different results: a fault in Bitale."""


class Compared(Interpreted):
    """The compiled results are returned, once they have been compared."""

    def __init__(self, specification: Specification, arguments: Arguments, options: Options) -> None:
        super().__init__(specification, arguments, options)
        self.run = options.compile(specification.graph, name=specification.name).call
        self.spacing = coarsest(specification.graph)

    def results(self, values: Arrays) -> Arrays:
        graph = self.graph
        expected, found = evaluate(graph, values), self.run(*values)
        if not all(map(self.agree, found, expected)):
            expected = self._stabler(values, expected)
        for output, wanted, array in zip(graph.outputs, expected, found, strict=True):
            if not self.agree(array, wanted):
                raise self._disagreement(values, output, wanted, array)
        return found

    def agree(self, array: np.ndarray, wanted: np.ndarray) -> bool:
        """Whether results are equal but for rounding."""
        return agree(array, wanted, self.spacing)

    def _stabler(self, values: Arrays, expected: Arrays) -> Arrays:
        """Where the reference has no finite number, that of the rewritten graph: log(1 + exp(1000)) is 1000."""
        stable = evaluate(optimise(self.specification.graph, preserves=self.options.preserves), values)
        return [a if is_finite(a) else np.where(np.isfinite(a), a, b) for a, b in zip(expected, stable, strict=True)]

    def _disagreement(
        self, values: Arrays, output: Variable, wanted: np.ndarray, array: np.ndarray
    ) -> DisagreementError:
        """The error about the first node whose results differ when every node's result is asked for."""
        graph = self.specification.graph
        everything = Graph(graph.inputs, [v for node in graph.nodes for v in node.outputs])
        expected, found = evaluate(everything, values), self.options.compile(everything).call(*values)
        for variable, its_wanted, its_array in zip(everything.outputs, expected, found, strict=True):
            if not self.agree(its_array, its_wanted):
                output, wanted, array = variable, its_wanted, its_array
                break
        node = output.owner
        return DisagreementError(
            explain(
                f"compare: C and the reference differ by up to {_difference(array, wanted):.3g} in {output!r}\n"
                f"    compiled: {_start(array)}\n    reference: {_start(wanted)}",
                [output, *(node.inputs if node else ())],
                "This is a fault in Bitale; mode='numpy' gives the reference's results.",
            )
        )


def coarsest(graph: Graph) -> float:
    """The largest relative distance of neighbouring numbers among the dtypes that occur: what is rounded so inside a
    graph is no more exact in a result of more digits."""
    variables = [*graph.inputs, *(v for node in graph.nodes for v in node.outputs)]
    return max((float(limits(v.dtype).eps) for v in variables if v.dtype in INEXACT), default=0.0)


def agree(array: np.ndarray, wanted: np.ndarray, spacing: float = 0.0) -> bool:
    """Whether results are equal but for rounding: half of the digits, measured by the largest number.

    Digits are those of the results' dtype, or fewer: `spacing` is the relative distance of numbers that are kept apart.
    """
    if array.shape != wanted.shape or array.dtype != wanted.dtype:
        return False
    if kind(array.dtype) not in "fc":
        return bool(np.array_equal(array, wanted))
    with np.errstate(all="ignore"):
        largest = np.max(np.abs(wanted), where=np.isfinite(wanted), initial=0.0)
        allowed = max(float(limits(array.dtype).eps), spacing) ** 0.5 * float(largest)
        close = np.abs(array - wanted) <= allowed
    return bool(np.all(close | (array == wanted) | (np.isnan(array) & np.isnan(wanted))))


def _difference(array: np.ndarray, wanted: np.ndarray) -> float:
    if array.shape != wanted.shape or not array.size:
        return float("inf")
    with np.errstate(all="ignore"):
        return float(np.nanmax(np.abs(array.astype("complex128") - wanted), initial=0.0))


def _start(array: np.ndarray) -> str:
    shown = np.array2string(array.ravel()[:SHOWN], precision=8)
    return f"{shown} of shape {array.shape}" if array.size > SHOWN else shown

"""Mode "nan_guard": functions run in C, and what makes a NaN or an infinity is found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bitale.interpreted import Arrays, Interpreted
from bitale.options import Options
from bitale.specification import Specification
from bitale_backend_c.arguments import Arguments
from bitale_graph.dtypes import kind
from bitale_graph.errors import BitaleError, explain
from bitale_graph.reference import evaluate
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite import optimise


class NonFiniteError(BitaleError, FloatingPointError):
    """A NaN or an infinity came out of finite numbers."""


class Guarded(Interpreted):
    """Results that are all finite are returned; others are traced, before any shared variable has changed."""

    def __init__(self, specification: Specification, arguments: Arguments, options: Options) -> None:
        super().__init__(specification, arguments, options)
        self.run = self.compile()

    def compile(self) -> Callable[..., Arrays]:
        """What runs the function."""
        return self.options.compile(self.specification.graph, name=self.specification.name).call

    def results(self, values: Arrays) -> Arrays:
        results: Arrays = self.run(*values)
        if not all(map(is_finite, results)):
            self._trace(values)
        return results

    def _trace(self, values: Arrays) -> None:
        """Run the rewritten graph, which is what was compiled, node by node.

        Infinities that the user wrote down, such as where(mask, x, -inf), are nobody's fault.
        """
        graph = optimise(self.specification.graph, preserves=self.options.preserves)
        arrays: dict[Variable, np.ndarray] = dict(zip(graph.inputs, values, strict=True))
        for variable, array in arrays.items():
            if not is_finite(array):
                raise NonFiniteError(explain(f"nan_guard: `{variable!r}` holds {_what(array)}", [variable]))
        variables = [v for node in graph.nodes for v in node.outputs]
        arrays |= zip(variables, evaluate(variables, arrays), strict=True)
        for node in graph.nodes:
            inputs = [v.data if isinstance(v, Constant) else arrays[v] for v in node.inputs]
            if all(map(is_finite, inputs)):
                for array in (arrays[v] for v in node.outputs):
                    if not is_finite(array):
                        raise _error(node, inputs, array)


def _error(node: Apply, inputs: Arrays, array: np.ndarray) -> NonFiniteError:
    bad = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
    place = f"  at {node.origin}," if node.origin else " "
    ranges = ", ".join(map(_range, inputs))
    text = f"nan_guard: `{node.op}` makes {_what(array)} of finite numbers, first at index {bad}"
    return NonFiniteError(explain(f"{text}\n{place} of operands in {ranges}", node.inputs))


def is_finite(array: np.ndarray) -> bool:
    """Whether there is neither NaN nor infinity in an array."""
    return kind(array.dtype) not in "fc" or bool(np.isfinite(array).all())


def _what(array: np.ndarray) -> str:
    return "NaN" if np.isnan(array).any() else "an infinity"


def _range(array: np.ndarray) -> str:
    if not array.size or array.dtype.kind == "c":
        return f"{array.dtype.name}{list(array.shape)}"
    return f"[{array.min():.6g}, {array.max():.6g}]"

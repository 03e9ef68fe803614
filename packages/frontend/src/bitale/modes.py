"""How a function runs: compiled to C, by the NumPy reference, both compared, or watched for NaN and infinity."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from bitale.config import config
from bitale.specification import Specification
from bitale_backend_c.arguments import Arguments
from bitale_backend_c.compile import Compiled, compile
from bitale_backend_c.shim import Form
from bitale_backend_c.toolchain import NoCompiler
from bitale_graph.errors import BitaleError, explain
from bitale_graph.graph import Graph
from bitale_graph.reference import evaluate
from bitale_graph.variable import Constant, Variable

MODES = ("c", "numpy", "compare", "nan_guard")
_warned: list[str] = []


class NonFiniteError(BitaleError, FloatingPointError):
    """Under nan_guard: a NaN or an infinity came out of finite numbers."""


class DisagreementError(BitaleError, AssertionError):
    """Under compare: compiled code and the reference gave different results."""


def compiled(specification: Specification, arguments: Arguments) -> Compiled | None:
    """The function in C, or None, after one warning, where there is no compiler."""
    try:
        return compile(
            specification.graph,
            name=specification.name,
            arguments=arguments,
            cells=[v.cell for v in specification.states],
            updates=specification.targets,
            form=specification.form,
            preserves=config.preserves,  # type: ignore[arg-type]
            checked=config.check_graphs,
        )
    except NoCompiler as error:
        if not _warned:
            _warned.append(str(error))
            warnings.warn(f"{error}\n  Functions run in NumPy instead, more slowly.", RuntimeWarning, stacklevel=4)
        return None


class Interpreted:
    """The function run by the NumPy reference, with updates as compiled functions do them."""

    def __init__(self, specification: Specification, arguments: Arguments) -> None:
        self.specification = specification
        self.arguments = arguments
        self.graph = specification.graph

    def __call__(self, *positional: Any, **keywords: Any) -> Any:
        values = self.values(positional, keywords)
        return self.finish(self.results(values))

    def values(self, positional: tuple[Any, ...], keywords: dict[str, Any]) -> list[np.ndarray]:
        """The arguments, then the shared variables' values."""
        if keywords or len(positional) != len(self.arguments.inputs):
            positional = self.arguments.arrange(positional, keywords)
        given = [self.arguments.convert(number, value) for number, value in enumerate(positional)]
        return [*given, *(v.cell[0] for v in self.specification.states)]

    def results(self, values: list[np.ndarray]) -> list[np.ndarray]:
        return evaluate(self.graph, values)

    def finish(self, results: list[np.ndarray]) -> Any:
        """Update the shared variables, and give the outputs their form."""
        states, form = self.specification.states, self.specification.form
        for number, state in self.specification.targets.items():
            states[state].cell[0] = np.require(results[number], requirements="C")
        outputs = results[: len(self.specification.outputs)]
        if form is Form.SINGLE:
            return outputs[0]
        return {Form.LIST: list, Form.TUPLE: tuple}[form](outputs) if form is not Form.NOTHING else None


class Guarded(Interpreted):
    """Compiled, and every result looked at; the reference finds the node where a NaN or infinity came from."""

    def __init__(self, specification: Specification, arguments: Arguments) -> None:
        super().__init__(specification, arguments)
        try:
            self.run: Callable[..., list[np.ndarray]] = compile(self.graph, name=specification.name).call
        except NoCompiler:
            self.run = lambda *values: evaluate(self.graph, values)

    def results(self, values: list[np.ndarray]) -> list[np.ndarray]:
        results = self.run(*values)
        if not all(_finite(array) for array in results):
            self._blame(values)
        return results

    def _blame(self, values: list[np.ndarray]) -> None:
        for node, inputs, outputs in _steps(self.graph, values):
            if all(map(_finite, inputs)) and not all(map(_finite, outputs)):
                what = "NaN" if any(np.isnan(a).any() for a in outputs if a.dtype.kind in "fc") else "an infinity"
                raise NonFiniteError(explain(f"nan_guard: `{node.op}` makes {what} of finite numbers", node.inputs,
                                             f"It stands at {node.origin}."))  # fmt: skip
        if not all(map(_finite, values)):
            raise NonFiniteError("nan_guard: an argument or a shared variable holds NaN or an infinity")


class Compared(Interpreted):
    """Compiled and interpreted; the two have to agree."""

    def __init__(self, specification: Specification, arguments: Arguments) -> None:
        super().__init__(specification, arguments)
        self.run = compile(self.graph, name=specification.name).call

    def results(self, values: list[np.ndarray]) -> list[np.ndarray]:
        wanted, got = evaluate(self.graph, values), self.run(*values)
        for output, expected, array in zip(self.graph.outputs, wanted, got, strict=True):
            if not _agree(array, expected):
                self._blame(values, output, expected, array)
        return got

    def _blame(self, values: list[np.ndarray], output: Variable, expected: np.ndarray, array: np.ndarray) -> None:
        """Raise for the first node whose compiled result differs."""
        everything = Graph(self.graph.inputs, [v for node in self.graph.nodes for v in node.outputs])
        compiled_values = compile(everything, optimised=False).call(*values)
        reference_values = evaluate(everything, values)
        for v, want, got in zip(everything.outputs, reference_values, compiled_values, strict=True):
            if not _agree(got, want):
                output, expected, array = v, want, got
                break
        raise DisagreementError(
            explain(f"compare: C and the reference differ by up to {_difference(array, expected):.3g}", [output],
                    f"Compiled: {_start(array)}; reference: {_start(expected)}.")
        )  # fmt: skip


def _steps(graph: Graph, values: list[np.ndarray]) -> Any:
    """Each node with the arrays that go in and come out, in the reference."""
    variables = [v for node in graph.nodes for v in node.outputs]
    arrays: dict[Variable, np.ndarray] = dict(zip(graph.inputs, values, strict=True))
    arrays |= dict(zip(variables, evaluate(variables, arrays), strict=True))
    for node in graph.nodes:
        yield node, [_value(v, arrays) for v in node.inputs], [arrays[v] for v in node.outputs]


def _value(v: Variable, arrays: dict[Variable, np.ndarray]) -> np.ndarray:
    return v.data if isinstance(v, Constant) else arrays[v]


def _finite(array: np.ndarray) -> bool:
    return array.dtype.kind not in "fc" or bool(np.isfinite(array).all())


def _agree(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether results are equal up to what rounding in another order explains."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.dtype.kind not in "fc":
        return bool(np.array_equal(a, b))
    tolerance = {2: 1e-2, 4: 1e-4}.get(a.dtype.itemsize // (2 if a.dtype.kind == "c" else 1), 1e-9)
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True))


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        return float(np.nanmax(np.abs(np.asarray(a, "complex128") - b))) if a.shape == b.shape and a.size else np.inf


def _start(array: np.ndarray) -> str:
    return np.array2string(array.ravel()[:4], precision=6) + (" ..." if array.size > 4 else "")


__all__ = ["Compared", "DisagreementError", "Guarded", "Interpreted", "MODES", "NonFiniteError", "compiled"]

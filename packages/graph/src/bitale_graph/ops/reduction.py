"""Reductions: an axis is combined into one element (Reduce), into an index (ArgReduce), or step by step (Cumulate)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bitale_graph.errors import ShapeError
from bitale_graph.ops.elementwise import Function
from bitale_graph.types import TensorType, tensor_type
from bitale_graph.variable import Op


@dataclass(frozen=True)
class Reduce(Op):
    """Combine `axes` (sorted, not negative) with an associative function: add, multiply, maximum, minimum,
    logical_and, logical_or, bitwise_and, bitwise_or, bitwise_xor. The dtype stays.

    The maximum of no elements is an error, or, `of_none`, what every element exceeds: -inf, or the smallest integer.
    """

    function: Function
    axes: tuple[int, ...]
    of_none: bool = False

    def over(self, axes: tuple[int, ...]) -> Reduce:
        """The same reduction of other axes."""
        return replace(self, axes=axes)

    @property
    def name(self) -> str:
        return f"reduce_{self.function.name}"

    def __str__(self) -> str:
        return f"{self.name}{{axes={self.axes}}}"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x = inputs[0]
        if not self.of_none and self.function.name in ("maximum", "minimum"):
            if any(x.shape[axis] == 0 for axis in self.axes):
                raise ShapeError(f"{self.name}: the {self.function.name} of no elements does not exist ({x})")
        return (x.with_shape(tuple(n for axis, n in enumerate(x.shape) if axis not in self.axes)),)


@dataclass(frozen=True)
class ArgReduce(Op):
    """The index (int64) of the first maximum or minimum along `axis`; a NaN counts as the extremum, as in NumPy."""

    function: Function
    axis: int

    @property
    def name(self) -> str:
        return f"arg{self.function.name}"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x = inputs[0]
        if x.shape[self.axis] == 0:
            raise ShapeError(f"{self.name}: axis {self.axis} of {x} is empty")
        return (tensor_type("int64", tuple(n for axis, n in enumerate(x.shape) if axis != self.axis)),)


@dataclass(frozen=True)
class Cumulate(Op):
    """Running `function` (add, multiply, maximum, minimum) along `axis`: result i combines elements 0 to i."""

    function: Function
    axis: int

    @property
    def name(self) -> str:
        return f"cumulate_{self.function.name}"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (inputs[0],)

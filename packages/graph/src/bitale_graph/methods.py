"""The methods and attributes that NumPy's arrays have, on symbolic variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MethodType
from typing import TYPE_CHECKING, Any

import bitale_graph.functions as functions
from bitale_graph.errors import ArgumentError, explain
from bitale_graph.ops import elementwise as rows

if TYPE_CHECKING:
    import numpy as np

    from bitale_graph.variable import Variable

    Values = Mapping[Any, Any] | Sequence[Any] | None


def _reference(variable: Variable, values: Values) -> np.ndarray:
    from bitale_graph.reference import evaluate

    return evaluate(variable, values or ())


evaluator: Callable[[Variable, Values], np.ndarray] = _reference  # a frontend with a compiler puts its own here


class Method:
    """`x.name(...)` means `functions.name(x, ...)`; looked up when called, since functions are made of variables."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        function = getattr(functions, self.name)
        return function if instance is None else MethodType(function, instance)


class Methods:
    """NumPy's methods for variables: see the functions of the same names for arguments and errors."""

    __slots__ = ()

    # reductions
    all = Method()
    any = Method()
    argmax = Method()
    argmin = Method()
    cumprod = Method()
    cumsum = Method()
    max = Method()
    mean = Method()
    min = Method()
    norm = Method()
    prod = Method()
    ptp = Method()
    std = Method()
    sum = Method()
    trace = Method()
    var = Method()

    # movement
    diagonal = Method()
    dimshuffle = Method()
    flatten = Method()
    ravel = Method()
    repeat = Method()
    reshape = Method()
    squeeze = Method()
    swapaxes = Method()
    transpose = Method()

    # elementwise, contraction, indexing
    clip = Method()
    conj = Method()
    conjugate = Method()
    dot = Method()
    fill = Method()
    nonzero = Method()
    ones_like = Method()
    round = Method()
    take = Method()
    zeros_like = Method()

    def astype(self, dtype: object) -> Variable:
        """The array in another dtype; complex to real drops the imaginary part."""
        return functions.cast(self, dtype)

    def copy(self) -> Variable:
        """A new variable of the same value."""
        return rows.identity(self)

    @property
    def T(self) -> Variable:  # noqa: N802
        """The axes in reverse order."""
        return functions.transpose(self)

    @property
    def mT(self) -> Variable:  # noqa: N802
        """The last two axes exchanged."""
        return functions.matrix_transpose(self)

    @property
    def real(self) -> Variable:
        return functions.real(self)

    @property
    def imag(self) -> Variable:
        return functions.imag(self)

    @property
    def shape(self) -> tuple[int | Variable, ...]:
        """The length of each axis: an int where it is known, else an int64 scalar variable."""
        from bitale_graph.shapes import shape_of

        return shape_of(self)  # type: ignore[arg-type]

    @property
    def size(self) -> int | Variable:
        """The number of elements: an int where it is known, else an int64 scalar variable."""
        from bitale_graph.sizes import size_product

        return size_product(self.shape)

    def eval(self, values: Values = None) -> np.ndarray:
        """The array when inputs have `values`: a mapping from inputs or their names, or arrays in order of creation.

        Raises MissingInputError for an input without a value.
        """
        return evaluator(self, values)  # type: ignore[arg-type]

    def _repr_latex_(self) -> str:
        """What notebooks show: the expression as mathematics."""
        from bitale_graph.latex import latex

        return rf"$\displaystyle {latex(self)}$"  # type: ignore[arg-type]

    def __getitem__(self, index: Any) -> Variable:
        return functions.getitem(self, index)

    def set(self, y: Any) -> Variable:
        """`x[index].set(y)`: x with y at these places; of several writes to one place the last wins."""
        return _write(self, y, "set")

    def add(self, y: Any) -> Variable:
        """`x[index].add(y)`: x with y added at these places; several to one place add up."""
        return _write(self, y, "add")

    def multiply(self, y: Any) -> Variable:
        """`x[index].multiply(y)`: x multiplied by y at these places."""
        return _write(self, y, "multiply")

    def maximum(self, y: Any) -> Variable:
        """`x[index].maximum(y)`: x with the larger of x and y at these places."""
        return _write(self, y, "maximum")

    def minimum(self, y: Any) -> Variable:
        """`x[index].minimum(y)`: x with the smaller of x and y at these places."""
        return _write(self, y, "minimum")


def _write(place: Any, y: Any, how: str) -> Variable:
    if place.read is None:
        raise ArgumentError(
            explain(f".{how}(y) writes to a place: x[index].{how}(y); this variable was not made by indexing", [place])
        )
    x, index = place.read
    return functions.write(x, index, y, how)

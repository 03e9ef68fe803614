"""A draw: its key, shape and parameters put in order, and the uniform numbers that every distribution is made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from bitale_graph.dtypes import COMPLEX, FLOATS, SHORT, as_dtype, is_weak, result_type
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError, describe, explain
from bitale_graph.functions import inputs
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.arguments import as_sizes
from bitale_graph.functions.broadcasting import broadcast_shapes, broadcast_to
from bitale_graph.functions.movement import expand_dims
from bitale_graph.functions.random.keys import fold_in, words
from bitale_graph.functions.ranges import iota
from bitale_graph.functions.reduction import all as all_of
from bitale_graph.graph import leaves
from bitale_graph.ops.control import Check
from bitale_graph.ops.elementwise import add, bitwise_and, equal, minimum, right_shift
from bitale_graph.ops.random import random_bits32, random_bits64
from bitale_graph.origin import here
from bitale_graph.reference import evaluate
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Sizes, size_multiply
from bitale_graph.variable import Constant, Variable

DIGITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}

Condition = Callable[..., Variable]


class Draw:
    """Random numbers of one key in one shape: that given, or else that of the parameters together.

    `parameters` become floats of the draw's dtype and stretch to its shape; `self[name]` is one of them. The dtype is
    the default float, or what the parameters' dtypes make of it. Those of 16 bits are computed in float32: `result`
    rounds.
    """

    def __init__(self, what: str, key: Any, shape: Any = None, dtype: object = None, **parameters: Any) -> None:
        self.what, self.key = what, as_variable(key)
        self.words = words(what, self.key)
        self.dtype = _dtype(what, dtype, parameters)
        self.computed = "float32" if self.dtype in SHORT else self.dtype
        self.given = {name: as_variable(value) for name, value in parameters.items()}
        found = [shape_of(v) for v in self.given.values()]
        self.shape: Sizes = broadcast_shapes(*found) if shape is None else as_sizes(what, shape)
        self.parameters = {name: self.fitted(name, cast(v, self.computed)) for name, v in self.given.items()}

    def __getitem__(self, name: str) -> Variable:
        return self.parameters[name]

    def fitted(self, name: str, parameter: Variable) -> Variable:
        """A parameter stretched to the shape; one number stays one number. Raises ShapeError where it does not fit."""
        try:
            return broadcast_to(parameter, self.shape) if parameter.ndim else parameter
        except ShapeError:
            given = self.given.get(name, parameter)
            shape = ", ".join("?" if isinstance(n, Variable) else str(n) for n in self.shape)
            text = f"{self.what}: {name} does not stretch to the shape ({shape})\n{describe(given, given.name or name)}"
            raise ShapeError(f"{text}\n  Leave the shape out, or give one that ends in that of {name}.") from None

    def require(self, name: str, text: str, condition: Condition) -> None:
        """A parameter must satisfy `condition` everywhere: ArgumentError now where it is known, else at run time."""
        self.parameters[name] = required(self.what, self.parameters[name], name, text, condition, self.given[name])

    def result(self, x: Variable) -> Variable:
        """The numbers in the dtype and shape of the draw."""
        return cast(x if x.ndim == len(self.shape) else broadcast_to(x, self.shape), self.dtype)

    def another(self, number: int) -> Draw:
        """An independent draw of the same shape and dtype."""
        return Draw(self.what, fold_in(self.key, number), self.shape, self.computed)

    # ---- uniform numbers -----------------------------------------------------------------------------------------

    @property
    def index(self) -> Variable:
        """The number of each element in row-major order, as uint64."""
        if not self.shape:
            return Constant(np.asarray(0, "uint64"))
        stride: Any = 1
        terms = []
        for axis in reversed(range(len(self.shape))):
            count = iota(self.shape[axis])
            beside = tuple(k for k in range(len(self.shape)) if k != axis)
            terms.append(expand_dims(count if isinstance(stride, int) and stride == 1 else count * stride, beside))
            stride = size_multiply(stride, self.shape[axis])
        return cast(reduce(add, reversed(terms)), "uint64")

    def bits(self, width: int) -> Variable:
        """A word of 32 or 64 random bits for each element."""
        return (random_bits32 if width == 32 else random_bits64)(*self.words, self.index)

    @property
    def _word(self) -> Variable:
        return self.bits(32 if self.computed == "float32" else 64)

    def half_open(self, dtype: str | None = None) -> Variable:
        """Multiples of the spacing below 1 in a dtype, that which is computed in unless given, in [0, 1)."""
        digits = DIGITS[dtype or self.computed]
        word = self._word
        return self._float(right_shift(word, _like(word, _width(word) - digits))) * 2.0**-digits

    def open(self) -> Variable:
        """Numbers in (0, 1) that are as fine near 0 as the words allow, and never 1."""
        word = self._word
        if self.computed == "float32":
            return minimum((self._float(word) + 0.5) * 2.0**-32, 1 - 2.0**-24)
        return (self._float(right_shift(word, _like(word, 12))) + 0.5) * 2.0**-52

    def two_sided(self) -> tuple[Variable, Variable]:
        """A fair coin, and numbers in (0, 1/2] that are fine near 0: the tail that both sides of a symmetric
        distribution share, exact where it is thin."""
        word = self._word
        coin = equal(bitwise_and(word, _like(word, 1)), _like(word, 0))
        digits = 31 if self.computed == "float32" else 53
        signed = "int32" if self.computed == "float32" else "int64"  # whose conversion to floats is faster
        number = cast(right_shift(word, _like(word, _width(word) - digits)), signed)
        return coin, (self._float(number) + 0.5) * 2.0 ** -(digits + 1)

    def _float(self, x: Variable) -> Variable:
        return cast(x, self.computed)


def required(
    what: str, value: Variable, name: str, text: str, condition: Condition, shown: Variable | None = None
) -> Variable:
    """`value`, of which `condition` must hold everywhere. Raises ArgumentError, which shows the user's line."""
    shown = value if shown is None else shown
    place = here()
    message = f"{what}: {name} must be {text}\n{describe(shown, shown.name or name)}"
    message += f"\n  Drawn at {place}." if place else ""
    holds = all_of(condition(value))
    if isinstance(shown, Constant) and not leaves([holds]):
        if not evaluate(holds):
            raise ArgumentError(f"{message}\n  It is {np.array2string(shown.data, threshold=8)}.")
        return value
    return Check(message)(value, holds)


def _dtype(what: str, dtype: object, parameters: dict[str, Any]) -> str:
    """The dtype of a draw of real numbers."""
    for parameter, value in parameters.items():
        if as_variable(value).dtype in COMPLEX:
            raise DtypeError(explain(f"{what}: {parameter} must be real", [as_variable(value)]))
    if dtype is None:
        arrays = [v for v in parameters.values() if not is_weak(v) and not isinstance(v, (list, tuple))]
        dtype = result_type(inputs.default_float(), *(as_variable(v).dtype for v in arrays))
    name = as_dtype(dtype)
    if name not in FLOATS:
        raise DtypeError(f"{what}: numbers of dtype {name} cannot be drawn; one of {', '.join(FLOATS)} is wanted")
    return name


def _width(word: Variable) -> int:
    return 8 * np.dtype(word.dtype).itemsize


def _like(word: Variable, number: int) -> Constant:
    return Constant(np.asarray(number, word.dtype))



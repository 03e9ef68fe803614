"""Names of `bitale.tensor` that NumPy's and Theano's users expect, besides the functions of the graph."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from bitale_graph.dtypes import BOOL, COMPLEX, DTYPES, FLOATS, INTEGERS
from bitale_graph.errors import ArgumentError, BitaleError, explain
from bitale_graph.functions import (
    absolute,
    as_variable,
    cast,
    concatenate,
    cumprod,
    cumsum,
    eye,
    maximum,
    minimum,
    one_hot,
    shape_padleft,
    xlogy,
)
from bitale_graph.graph import Graph, leaves
from bitale_graph.ops.elementwise import identity
from bitale_graph.sizes import Size
from bitale_graph.variable import Constant, Variable

__all__ = [
    "NotScalarConstantError", "TensorConstant", "TensorVariable", "abs_", "all_dtypes", "array", "as_tensor",
    "as_tensor_variable", "asarray", "astype", "complex_dtypes", "concat", "constant", "continuous_dtypes", "copy",
    "cumulative_prod", "cumulative_sum", "discrete_dtypes", "float_dtypes", "get_scalar_constant_value",
    "identity_like", "integer_dtypes", "iscomplexobj", "isrealobj", "largest", "ndim", "shape", "size", "smallest",
    "to_one_hot", "xlogx",
]  # fmt: skip



class NotScalarConstantError(BitaleError, ValueError):
    """A value was asked of a variable that has not one constant value."""


abs_ = absolute
astype = cast
concat = concatenate
cumulative_prod, cumulative_sum = cumprod, cumsum
float_dtypes, complex_dtypes, integer_dtypes = FLOATS, COMPLEX, INTEGERS
discrete_dtypes, continuous_dtypes = (*BOOL, *INTEGERS), (*FLOATS, *COMPLEX)
all_dtypes = DTYPES
TensorVariable, TensorConstant = Variable, Constant


def as_tensor_variable(value: Any, name: str | None = None, ndim: int | None = None, dtype: object = None) -> Variable:
    """`value` (an array, a number, a variable or a list of these) as a variable, with axes of length 1 put in front
    until there are `ndim`. Raises ArgumentError when there are more."""
    variable = as_variable(value, dtype)
    if ndim is not None and variable.ndim > ndim:
        raise ArgumentError(explain(f"as_tensor_variable: {variable.ndim} axes are more than {ndim}", [variable]))
    if ndim is not None:
        variable = shape_padleft(variable, ndim - variable.ndim)
    if name is not None and variable is not value:
        variable.name = name
    return variable


array = asarray = as_tensor = as_tensor_variable


def constant(value: Any, name: str | None = None, dtype: object = None) -> Constant:
    """An array, a number or a list of numbers as a constant."""
    return Constant(as_variable(value, dtype).data, name)  # type: ignore[attr-defined]


def copy(x: Any) -> Variable:
    """A new variable of the value of x."""
    return identity(as_variable(x))


def identity_like(x: Any) -> Variable:
    """The identity matrix of the shape and dtype of the matrix x."""
    x = as_variable(x)
    rows, columns = shape(x)
    return eye(rows, columns, dtype=x.dtype)


def to_one_hot(y: Any, nb_class: Any, dtype: object = None) -> Variable:
    """Theano's name of one_hot."""
    return one_hot(y, nb_class, dtype)


def largest(*arrays: Any) -> Variable:
    """The largest elements of several arrays."""
    return reduce(maximum, map(as_variable, arrays))


def smallest(*arrays: Any) -> Variable:
    """The smallest elements of several arrays."""
    return reduce(minimum, map(as_variable, arrays))


def xlogx(x: Any) -> Variable:
    """x log(x), and 0 where x is 0."""
    return xlogy(x, x)


def get_scalar_constant_value(v: Any) -> np.ndarray:
    """The value that a variable has whatever the inputs are. Raises NotScalarConstantError where there is none."""
    from bitale_rewrite import optimise
    from bitale_rewrite.constants import uniform

    variable = as_variable(v)
    folded = optimise(Graph(leaves([variable]), [variable])).outputs[0]
    value = uniform(folded)
    if value is None:
        raise NotScalarConstantError(explain("this variable has not one constant value", [variable]))
    return value.data


def iscomplexobj(x: Any) -> bool:
    """Whether x is of a complex dtype."""
    return as_variable(x).dtype in COMPLEX


def isrealobj(x: Any) -> bool:
    """Whether x is of a dtype that is not complex."""
    return not iscomplexobj(x)


def ndim(x: Any) -> int:
    """The number of axes."""
    return as_variable(x).ndim


def shape(x: Any) -> tuple[Size, ...]:
    """The length of each axis: an int where it is known, else an int64 scalar variable."""
    return as_variable(x).shape


def size(x: Any, axis: int | Sequence[int] | None = None) -> Size:
    """The number of elements, or the length of one axis: an int where it is known, else an int64 scalar variable."""
    x = as_variable(x)
    return x.size if axis is None else x.shape[axis]

"""Elementwise functions of one's own: a name, a dtype rule and what they mean in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bitale_graph.dtypes import DTYPES
from bitale_graph.errors import ArgumentError, ShapeError
from bitale_graph.ops.elementwise import FUNCTIONS, Function, follow
from bitale_graph.reference.elementwise import FORMULAS, in_single

_BUILT_IN = frozenset(FUNCTIONS)


def elementwise_function(
    name: str,
    arity: int,
    numpy: Callable[..., Any],
    like: np.ufunc | Function | str | None = None,
    **properties: Any,
) -> Function:
    """A new elementwise function, called as every other: on variables, arrays and Python scalars.

    `numpy` computes it: it gets `arity` arrays that broadcast against each other, float32 in place of bfloat16, and its
    result is cast to the result's dtype. The dtypes follow `like`: a NumPy ufunc or a Function of the same arity, or
    the name of the dtype in which everything is computed; float32 stays float32 and integers become floats unless it is
    given.
    `properties` are those of Function, such as commutative=True.

    A derivative is a row in bitale_autodiff's table of partials. Making a function of the same name again replaces
    it for later loading of pickles; a name of Bitale's own raises ArgumentError.
    """
    if name in _BUILT_IN:
        raise ArgumentError(f"{name} is a function of Bitale; choose another name")
    if arity < 1:
        raise ArgumentError(f"{name}: a function of {arity} arguments is a constant; write its value")
    function = Function(name, arity, _dtype_rule(name, arity, like), **properties)
    FUNCTIONS[name] = function
    FORMULAS.add(function, _checked(function, in_single(numpy)))
    return function


def _dtype_rule(name: str, arity: int, like: np.ufunc | Function | str | None) -> Callable[..., Any]:
    if like is None:
        return _floating
    if like in DTYPES:
        return lambda operands: ((like,) * arity, like)
    if not isinstance(like, (np.ufunc, Function)):
        raise ArgumentError(f"{name}: `like` is a NumPy ufunc, a Function or a dtype's name, not {like!r}")
    wanted = like.nin if isinstance(like, np.ufunc) else like.arity
    if wanted != arity:
        raise ArgumentError(f"{name}: it has {arity} arguments, {like} has {wanted}")
    return follow(like) if isinstance(like, np.ufunc) else like.resolve


def _floating(operands: tuple[Any, ...]) -> tuple[tuple[str, ...], str]:
    """The floating dtype that NumPy's functions of real numbers compute in."""
    hypot = FUNCTIONS["hypot"].resolve
    dtype = operands[0]
    for other in operands:
        _, name = hypot((dtype, other))
        dtype = name
    return (dtype,) * len(operands), dtype


def _checked(function: Function, numpy: Callable[..., Any]) -> Callable[..., np.ndarray]:
    """`numpy` with its result in the dtype of the rule and the shape of the operands."""

    def formula(*arrays: np.ndarray) -> np.ndarray:
        _, dtype = function.resolve(tuple(a.dtype.name for a in arrays))
        result = np.asarray(numpy(*arrays))
        shape = np.broadcast_shapes(*[a.shape for a in arrays])
        if result.shape != shape:
            raise ShapeError(f"{function.name}: the NumPy function gave shape {result.shape}, not {shape}")
        return result.astype(dtype, casting="same_kind")

    return formula

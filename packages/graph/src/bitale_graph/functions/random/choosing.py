"""Choosing: categories by their probabilities, how often each is chosen, elements of arrays, orders of elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from bitale_graph.dtypes import FLOATS, INTEGERS, limits
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError, explain
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.arguments import as_size, as_sizes, axis_of
from bitale_graph.functions.broadcasting import broadcast_shapes, broadcast_to
from bitale_graph.functions.composites import softmax
from bitale_graph.functions.indexing import take
from bitale_graph.functions.joining import stack
from bitale_graph.functions.movement import expand_dims, moveaxis, squeeze
from bitale_graph.functions.numbering import inverse_permutation
from bitale_graph.functions.padding import pad
from bitale_graph.functions.random.discrete import binomial, integers
from bitale_graph.functions.random.draws import Draw, required
from bitale_graph.functions.random.keys import fold_in, words
from bitale_graph.functions.ranges import iota
from bitale_graph.functions.reduction import cumsum, sum
from bitale_graph.functions.reshaping import reshape
from bitale_graph.ops.control import Check
from bitale_graph.ops.elementwise import equal, greater, greater_equal, less, less_equal, log, minimum, where
from bitale_graph.ops.random import Permutation
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, Sizes, size_product, size_variable
from bitale_graph.variable import Variable


def categorical(key: Any, logits: Any = None, axis: int = -1, shape: Any = None, p: Any = None) -> Variable:
    """Numbers of categories, whose probabilities along `axis` are `p`, or softmax(logits).

    `shape` is that of the numbers; unless given, it is that of the other axes. One uniform number is looked up in the
    cumulative probabilities. Raises ArgumentError for probabilities below 0 or that do not add up to 1.
    """
    if (logits is None) == (p is None):
        raise ArgumentError("categorical: either logits or p is wanted")
    weights = as_variable(p if logits is None else logits)
    if not weights.ndim:
        raise ShapeError(explain("categorical: one number is no distribution", [weights]))
    weights = moveaxis(weights, axis_of("categorical", axis, weights), -1)
    chances = _probabilities("categorical", weights) if logits is None else softmax(weights, axis=-1)
    return _looked_up(key, chances, shape_of(weights)[:-1] if shape is None else as_sizes("categorical", shape))


def _looked_up(key: Any, chances: Variable, shape: Any) -> Variable:
    """The first category whose cumulative probability reaches a uniform number in (0, 1]."""
    draw = Draw("categorical", key, shape, "float64")
    level = cumsum(cast(chances, "float64"), axis=-1)
    total = level[..., -1:]
    u = expand_dims(1 - draw.half_open(), -1)
    joint = (*draw.shape, shape_of(chances)[-1])
    return sum(cast(less(broadcast_to(level, joint), broadcast_to(total, (*draw.shape, 1)) * u), "int64"), axis=-1)


def _probabilities(what: str, p: Variable) -> Variable:
    """Probabilities along the last axis."""
    p = p if p.dtype in FLOATS else cast(p, "float64")
    slack = float(limits(p.dtype).eps) ** 0.5

    def proper(v: Variable) -> Variable:
        gap = sum(cast(v, "float64"), axis=-1, keepdims=True) - 1
        return greater_equal(v, 0) & less_equal(gap, slack) & greater_equal(gap, -slack)

    return required(what, p, "p", "probabilities, at least 0 and with the sum 1", proper)


def multinomial(key: Any, n: Any, p: Any, shape: Any = None) -> Variable:
    """How often each category is chosen in `n` choices, along a last axis; `p` are the probabilities along its own.

    `shape` is that of the draws before that axis; unless given, that of n and of the other axes of p. The choices are
    divided between halves of the categories, then between halves of these, by binomial numbers. Raises ShapeError where
    the number of categories is not known, ArgumentError for what are no probabilities.
    """
    p = as_variable(p)
    if not p.ndim or p.type.shape[-1] is None:
        raise ShapeError(explain("multinomial: the number of categories, the last axis of p, must be known", [p],
                                 "Use specify_shape."))
    n, categories = as_variable(n), p.type.shape[-1]
    chances = cast(_probabilities("multinomial", p), "float64")
    own = broadcast_shapes(shape_of(n), shape_of(p)[:-1])
    batch = own if shape is None else as_sizes("multinomial", shape)
    levels = max(categories - 1, 0).bit_length()
    widths = [(0, 0)] * (p.ndim - 1) + [(0, 2**levels - categories)]
    masses = [pad(chances, widths)]
    for _ in range(levels):
        masses.append(masses[-1][..., 0::2] + masses[-1][..., 1::2])
    if n.dtype not in INTEGERS:
        raise DtypeError(explain(f"multinomial: n must be integers, not {n.dtype}", [n]))
    counts = expand_dims(broadcast_to(cast(n, "int64"), batch), -1)
    for level in reversed(range(levels)):
        whole, width = masses[level + 1], 2 ** (levels - level - 1)
        share = where(greater(whole, 0), minimum(masses[level][..., 0::2] / where(greater(whole, 0), whole, 1), 1), 0)
        left = binomial(fold_in(key, level), counts, broadcast_to(share, (*batch, width)))
        counts = reshape(stack([left, counts - left], axis=-1), (*batch, 2 * width))
    return counts[..., :categories]


def permutation(key: Any, x: Any, axis: int = 0) -> Variable:
    """The numbers below x in random order, or the array x with its slices along `axis` in random order."""
    array = as_variable(x) if not isinstance(x, int) else None
    if array is None or (array.ndim == 0 and array.dtype in INTEGERS):
        return _permuted(key, as_size("permutation", x))
    axis = axis_of("permutation", axis, array)
    return take(array, _permuted(key, shape_of(array)[axis]), axis=axis)


def shuffle(key: Any, x: Any, axis: int = 0) -> Variable:
    """The array x with its slices along `axis` in random order; x itself stays as it is."""
    return permutation(key, as_variable(x), axis)


def _permuted(key: Any, length: Size) -> Variable:
    both = words("permutation", key)
    if isinstance(length, int):
        return Permutation(length)(*both)
    return Permutation(None)(*both, size_variable(length))


def choice(
    key: Any, a: Any, shape: Any = (), replace: bool = True, p: Any = None, axis: int = 0
) -> Variable:
    """Elements of `a` (slices along `axis`), or numbers below a; with probabilities `p`, or all as likely.

    With `replace` an element may be chosen again. Without it and with `p`, every next choice is made among what is
    left, in time that grows as the square of the number of elements (Efraimidis and Spirakis, 2006). Raises
    ArgumentError for more choices than elements without `replace`, and for what are no probabilities.
    """
    array = as_variable(a) if not isinstance(a, int) else None
    numbers = array is None or (array.ndim == 0 and array.dtype in INTEGERS)
    length = as_size("choice", a) if numbers else shape_of(array)[axis_of("choice", axis, array)]  # type: ignore[arg-type]
    sizes = as_sizes("choice", shape)
    chances = None if p is None else _probabilities("choice", _vector_of(as_variable(p), length))
    if replace:
        places = integers(key, 0, length, sizes) if chances is None else _looked_up(key, chances, sizes)
    else:
        order = _permuted(key, length) if chances is None else _race(key, chances)
        places = _first(order, length, sizes)
    return places if numbers else take(array, places, axis=axis)


def _vector_of(p: Variable, length: Size) -> Variable:
    if p.ndim != 1:
        raise ShapeError(explain(f"choice: p is a vector with one probability per element, not {p.type}", [p]))
    if p.type.shape[0] == 1 and length != 1:  # it would stretch
        raise ShapeError(explain(f"choice: one probability for {length} elements", [p]))
    return broadcast_to(p, (length,))


def _race(key: Any, chances: Variable) -> Variable:
    """The elements in the order in which exponential clocks of these rates ring; those that never do come last."""
    draw = Draw("choice", key, shape_of(chances), "float64")
    time = where(greater(chances, 0), -log(draw.open()) / cast(chances, "float64"), np.inf)
    number = iota(shape_of(chances)[0])
    mine, theirs = expand_dims(time, 1), expand_dims(time, 0)
    before = less(theirs, mine) | (equal(theirs, mine) & less(expand_dims(number, 0), expand_dims(number, 1)))
    return inverse_permutation(sum(cast(before, "int64"), axis=1))


def _first(order: Variable, length: Size, sizes: Sizes) -> Variable:
    """The first elements of an order, in the shape `sizes`. Raises ArgumentError where there are too few."""
    count = size_product(sizes)
    if isinstance(count, int) and isinstance(length, int):
        if count > length:
            raise ArgumentError(f"choice: {count} of {length} elements cannot be chosen without replacement")
    else:
        order = Check("choice: there are fewer elements than choices, and replace is False")(
            order, less_equal(size_variable(count), size_variable(length))
        )
    chosen = order[:count]
    return squeeze(chosen, 0) if not sizes else reshape(chosen, sizes)

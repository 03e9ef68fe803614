"""Products of arrays under NumPy's names; each becomes one Contract, whose labels say which axes meet."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters
from typing import Any

import numpy as np

from bitale_graph.dtypes import COMPLEX, result_type
from bitale_graph.errors import ArgumentError, ShapeError, explain
from bitale_graph.functions.apply import apply, as_variable, cast, expand_rank
from bitale_graph.functions.arguments import axes_of, axis_of
from bitale_graph.functions.joining import stack
from bitale_graph.functions.movement import expand_dims, moveaxis, squeeze
from bitale_graph.functions.reshaping import ravel, reshape
from bitale_graph.functions.slicing import unstack
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.reduction import Reduce
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import size_multiply
from bitale_graph.variable import Variable


def contract(
    left: Variable, right: Variable, left_labels: str, right_labels: str, result: str, what: str = "contract"
) -> Variable:
    """Multiply and sum over the labels that `result` lacks: `contract(x, y, "ij", "jk", "ik")` multiplies matrices.

    Labels may be any characters, none twice in one operand; the op's are canonical. A label that only one operand
    has and the result has not is summed first. Operands are cast to their common dtype; of booleans the product is
    `and`, the sum `or`. Raises ShapeError, which begins with `what`, when lengths differ.
    """
    _check_labels(left, right, left_labels, right_labels, result, what)
    left, left_labels = sum_labels(left, left_labels, right_labels + result)
    right, right_labels = sum_labels(right, right_labels, left_labels + result)
    dtype = result_type(left.dtype, right.dtype)
    names = dict(zip(dict.fromkeys(left_labels + right_labels), ascii_letters, strict=False))
    op = Contract(*("".join(names[label] for label in labels) for labels in (left_labels, right_labels, result)))
    return apply(op, cast(left, dtype), cast(right, dtype))


def sum_labels(x: Variable, labels: str, wanted: str) -> tuple[Variable, str]:
    """x with the axes whose labels are not `wanted` summed (booleans: or-ed), and the labels left."""
    axes = tuple(axis for axis, label in enumerate(labels) if label not in wanted)
    if not axes:
        return x, labels
    add = row.logical_or if x.dtype == "bool" else row.add
    return Reduce(add, axes)(x), "".join(label for label in labels if label in wanted)


def dot(x: Any, y: Any) -> Variable:
    """numpy.dot: the last axis of x meets the last but one of y, or its only one; scalars multiply."""
    left, right = as_variable(x), as_variable(y)
    if not left.ndim or not right.ndim:
        return row.multiply(x, y)
    return _tensordot(left, right, (-1, -2 if right.ndim > 1 else -1), 0, "dot")


def matmul(x: Any, y: Any) -> Variable:
    """x @ y: products of the matrices in the last two axes; the axes before them are batch axes, which stretch
    where their length is statically 1. A vector is a row on the left and a column on the right."""
    left, right = as_variable(x), as_variable(y)
    if not left.ndim or not right.ndim:
        raise ShapeError(explain("matmul: a scalar is no matrix", [left, right], "Use * instead."))
    return _batched(left, right, "i" * (left.ndim > 1) + "j", "j" + "k" * (right.ndim > 1), "matmul")


def matvec(matrix: Any, vector: Any) -> Variable:
    """The matrices in the last two axes of the first operand times the vectors in the last axis of the second."""
    return _batched(as_variable(matrix), as_variable(vector), "ij", "j", "matvec")


def vecmat(vector: Any, matrix: Any) -> Variable:
    """The conjugated vectors in the last axis of the first operand times the matrices in the last two of the second."""
    return _batched(_conjugate(as_variable(vector)), as_variable(matrix), "i", "ij", "vecmat")


def vecdot(x: Any, y: Any, axis: int = -1) -> Variable:
    """Sums of conjugate(x) * y along `axis`; the other axes are batch axes, which stretch where statically 1."""
    left, right = _conjugate(as_variable(x)), as_variable(y)
    if axis != -1:
        left, right = moveaxis(left, axis, -1), moveaxis(right, axis, -1)
    return _batched(left, right, "i", "i", "vecdot")


def batched_dot(x: Any, y: Any) -> Variable:
    """dot(x[k], y[k]) for each k of the first axis."""
    left, right = as_variable(x), as_variable(y)
    return _tensordot(left, right, (left.ndim - 1, max(1, right.ndim - 2)), 1, "batched_dot")


def batched_tensordot(x: Any, y: Any, axes: Any = 2) -> Variable:
    """tensordot(x[k], y[k]) for each k of the first axis; `axes` count that axis, which must not be among them."""
    return _tensordot(as_variable(x), as_variable(y), axes, 1, "batched_tensordot")


def tensordot(x: Any, y: Any, axes: Any = 2) -> Variable:
    """Sums over pairs of axes: the last `axes` of x with the first of y, or the pairs of two sequences."""
    return _tensordot(as_variable(x), as_variable(y), axes, 0, "tensordot")


def inner(x: Any, y: Any) -> Variable:
    """Sums over the last axes of both; scalars multiply."""
    left, right = as_variable(x), as_variable(y)
    if not left.ndim or not right.ndim:
        return row.multiply(x, y)
    return _tensordot(left, right, (-1, -1), 0, "inner")


def outer(x: Any, y: Any) -> Variable:
    """Every element of x times every element of y, as a matrix; both are raveled first."""
    return contract(ravel(as_variable(x)), ravel(as_variable(y)), "i", "j", "ij", "outer")


def vdot(x: Any, y: Any) -> Variable:
    """The sum of conjugate(x) * y over all elements, both raveled first."""
    return contract(ravel(_conjugate(as_variable(x))), ravel(as_variable(y)), "i", "i", "", "vdot")


def cross(a: Any, b: Any, axis: int = -1) -> Variable:
    """The cross product of vectors of three elements along `axis`, other axes stretching against each other.

    Raises ShapeError unless that axis is known to have length 3.
    """
    pairs = [(x, axis_of("cross", axis, x)) for x in map(as_variable, (a, b))]
    for x, along in pairs:
        if x.type.shape[along] != 3:
            problem = f"cross: axis {along} must have length 3, not {x.type.shape[along]}"
            raise ShapeError(explain(problem, [x], "Where it is not known, see specify_shape."))
    (a0, a1, a2), (b0, b1, b2) = (unstack(x, along) for x, along in pairs)
    products = [a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0]
    return stack(products, axis)


def kron(x: Any, y: Any) -> Variable:
    """The Kronecker product: a copy of y, scaled, for every element of x."""
    left, right = as_variable(x), as_variable(y)
    rank = max(left.ndim, right.ndim)
    left, right = expand_rank(left, rank), expand_rank(right, rank)
    sizes = tuple(size_multiply(n, m) for n, m in zip(shape_of(left), shape_of(right), strict=True))
    product = expand_dims(left, (*range(1, 2 * rank, 2),)) * expand_dims(right, (*range(0, 2 * rank, 2),))
    return reshape(product, sizes)


def drop_stretched(operands: Sequence[Variable], labels: Sequence[str], among: str) -> tuple[list[Variable], list[str]]:
    """Axes of length statically 1 squeezed where another operand is longer under the same label of `among`:
    a factor that does not vary along an axis needs no such axis."""
    lengths = [dict(zip(each, x.type.shape, strict=True)) for x, each in zip(operands, labels, strict=True)]
    longer = {label for known in lengths for label, n in known.items() if n != 1}
    found: list[Variable] = []
    left: list[str] = []
    for x, each, known in zip(operands, labels, lengths, strict=True):
        gone = {label for label in each if label in among and label in longer and known[label] == 1}
        axes = tuple(axis for axis, label in enumerate(each) if label in gone)
        found.append(squeeze(x, axes) if axes else x)
        left.append("".join(label for label in each if label not in gone))
    return found, left


def _batched(left: Variable, right: Variable, left_core: str, right_core: str, what: str) -> Variable:
    """Contract the last axes, labelled by the cores, for every element of the aligned axes before them."""
    for x, core in ((left, left_core), (right, right_core)):
        if x.ndim < len(core):
            raise ShapeError(explain(f"{what}: at least {len(core)} axes are wanted, {x.type} has {x.ndim}", [x]))
    batch = ascii_letters[26 : 26 + max(left.ndim - len(left_core), right.ndim - len(right_core))]
    left_labels = batch[len(batch) - left.ndim + len(left_core) :] + left_core
    right_labels = batch[len(batch) - right.ndim + len(right_core) :] + right_core
    result = batch + "".join(label for label in left_core + right_core if (left_core + right_core).count(label) == 1)
    _check_labels(left, right, left_labels, right_labels, result, what, stretching=batch)
    (left, right), (left_labels, right_labels) = drop_stretched((left, right), (left_labels, right_labels), batch)
    return contract(left, right, left_labels, right_labels, result, what)


def _tensordot(left: Variable, right: Variable, axes: Any, batch: int, what: str) -> Variable:
    """Contract pairs of axes for every element of the first `batch` axes, which both have."""
    left_axes, right_axes = _paired_axes(left, right, axes, batch, what)
    left_labels = ascii_letters[: left.ndim]
    right_list = [*left_labels[:batch], *ascii_letters[26 + batch : 26 + right.ndim]]
    for i, j in zip(left_axes, right_axes, strict=True):
        right_list[j] = left_labels[i]
    result = [label for axis, label in enumerate(left_labels) if axis not in left_axes]
    result += [label for axis, label in enumerate(right_list) if axis >= batch and axis not in right_axes]
    return contract(left, right, left_labels, "".join(right_list), "".join(result), what)


def _paired_axes(
    left: Variable, right: Variable, axes: Any, batch: int, what: str
) -> tuple[Sequence[int], Sequence[int]]:
    """The axes of the left operand and those of the right one that they meet."""
    if isinstance(axes, (int, np.integer)):
        if not 0 <= axes <= min(left.ndim, right.ndim) - batch:
            raise ArgumentError(explain(f"{what}: {axes} axes to sum over are not in both operands", [left, right]))
        return range(left.ndim - int(axes), left.ndim), range(batch, batch + int(axes))
    first, second = axes
    pairs = axes_of(what, first, left), axes_of(what, second, right)
    if len(pairs[0]) != len(pairs[1]) or any(axis < batch for axis in (*pairs[0], *pairs[1])):
        raise ArgumentError(explain(f"{what}: axes {pairs[0]} cannot meet axes {pairs[1]}", [left, right]))
    return pairs


def _check_labels(
    left: Variable, right: Variable, left_labels: str, right_labels: str, result: str, what: str, stretching: str = ""
) -> None:
    for i, label in enumerate(left_labels):
        j = right_labels.find(label)
        if j < 0:
            continue
        n, m = left.type.shape[i], right.type.shape[j]
        if n != m and None not in (n, m) and not (label in stretching and 1 in (n, m)):
            raise ShapeError(
                explain(
                    f"{what}: axis {i} of the first operand has length {n}, axis {j} of the second {m}", [left, right]
                )
            )
    unknown = set(result) - set(left_labels + right_labels)
    if unknown:
        raise ArgumentError(explain(f"{what}: no operand has the axis {unknown.pop()!r} of the result", [left, right]))


def _conjugate(x: Variable) -> Variable:
    return row.conjugate(x) if x.dtype in COMPLEX else x

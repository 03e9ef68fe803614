"""Softmax, its logarithm and log-sum-exp, recognised in what users write."""

from __future__ import annotations

from collections.abc import Iterator

from bitale_graph.composite import inline
from bitale_graph.dtypes import FLOATS, INTEGERS
from bitale_graph.functions import composites
from bitale_graph.functions.losses import binary_crossentropy, categorical_crossentropy
from bitale_graph.ops.control import Composite, StopGradient
from bitale_graph.ops.elementwise import (
    CASTS,
    Elementwise,
    add,
    exp,
    log,
    maximum,
    multiply,
    sigmoid,
    subtract,
    true_divide,
)
from bitale_graph.ops.indexing import Gather
from bitale_graph.ops.movement import ExpandDims, Reshape, Slice, Squeeze, Transpose
from bitale_graph.ops.reduction import Reduce
from bitale_graph.variable import Apply, Op, Variable
from bitale_rewrite.constants import uniform, value_of
from bitale_rewrite.pattern import head
from bitale_rewrite.rule import Replacement, Rule, rewrites
from bitale_rewrite.rules.movement import moved, peeled, source
from bitale_rewrite.samples import array

Axes = tuple[int, ...]
SELECTION = (Gather, Slice, ExpandDims, Squeeze, Transpose, Reshape)  # an element of the result is an element of x


def named(x: Variable, label: str) -> Apply | None:
    """The application of the composite `label` that computes `x`, if one does."""
    node = source(x, Composite)
    return node if node is not None and node.op.label == label else None


def _kept(x: Variable, op: type[Op]) -> tuple[Axes, Apply] | None:
    """The axes and the reduction of x = reduction(..., keepdims=True)."""
    expanded = source(x, ExpandDims)
    inner = None if expanded is None else source(expanded.inputs[0], op)
    return None if expanded is None or inner is None else (expanded.op.axes, inner)


def _below_largest(x: Variable, axes: Axes) -> Variable | None:
    """The y of x = y - max(y, axes, keepdims=True)."""
    if head(x) is not subtract:
        return None
    y, largest = x.owner.inputs  # type: ignore[union-attr]
    _, largest = peeled(largest, (StopGradient,))
    found = _kept(largest, Reduce)
    if found is None:
        return None
    inner = found[1]
    same = inner.op.function is maximum and inner.op.axes == found[0] == axes and inner.inputs[0] is y
    return y if same else None


# ---- softmax ----


def _softmax_samples() -> Iterator[Variable]:
    x = array(None, 3)
    for axis in (0, 1):
        powers = exp(x)
        yield powers / ExpandDims((axis,))(Reduce(add, (axis,))(powers))
    powers = exp(x)
    yield powers / Reduce(add, (0, 1))(powers)
    powers = exp(x - ExpandDims((1,))(Reduce(maximum, (1,))(x)))
    yield powers / ExpandDims((1,))(Reduce(add, (1,))(powers))


@rewrites(true_divide, name="softmax", preserves="reals", having=(exp,), samples=_softmax_samples)
def softmax(node: Apply) -> Replacement:
    """exp(x) / sum(exp(x), keepdims=True) -> softmax(x)."""
    powers, total = node.inputs
    if head(powers) is not exp:
        return None
    whole = source(total, Reduce) if total.ndim == 0 else None
    found = _kept(total, Reduce) if whole is None else (whole.op.axes, whole)
    if found is None:
        return None
    axes, inner = found
    if inner.op.function is not add or inner.op.axes != axes or inner.inputs[0] is not powers:
        return None
    x = powers.owner.inputs[0]  # type: ignore[union-attr]
    below = _below_largest(x, axes)
    return composites.softmax(x if below is None else below, axes)


def _log_softmax_samples() -> Iterator[Variable]:
    x = array(3, 3)
    yield log(composites.softmax(x, 1))
    i = array(3, dtype="int64", name="i")
    yield log(Gather((0, 1))(composites.softmax(x, 1), i, i))
    yield log(Transpose((1, 0))(composites.softmax(x, 0)))


@rewrites(log, name="log of softmax", preserves="reals", having=(Composite, *SELECTION), samples=_log_softmax_samples)
def log_of_softmax(node: Apply) -> Replacement:
    """log(softmax(x)) -> log_softmax(x), also of a selection such as softmax(x)[arange, y]."""
    moves, x = peeled(node.inputs[0], SELECTION)
    inner = named(x, "softmax")
    if inner is None:
        return None
    return moved(composites.log_softmax(inner.inputs[0], dict(inner.op.key)["axis"]), moves)


def _exp_samples() -> Iterator[Variable]:
    yield exp(composites.log_softmax(array(None, 3), 1))


@rewrites(exp, name="exp of log softmax", preserves="reals", having=(Composite,), samples=_exp_samples)
def exp_of_log_softmax(node: Apply) -> Replacement:
    """exp(log_softmax(x)) -> softmax(x)."""
    inner = named(node.inputs[0], "log_softmax")
    return None if inner is None else composites.softmax(inner.inputs[0], dict(inner.op.key)["axis"])


# ---- log-sum-exp ----


def _sum_samples() -> Iterator[Variable]:
    x, n = array(None, 3), array(dtype="int64", name="n")
    total = Reduce(add, (1,))(exp(x))
    yield from (log(total), log(ExpandDims((1,))(total)), log(Reduce(add, (0, 1))(exp(x))), log(total * 0.25))
    yield log(total / CASTS["float64"](n + 1))


@rewrites(
    log,
    name="log of a sum of exp",
    preserves="reals",
    having=(Reduce, multiply, true_divide, ExpandDims, Transpose, Squeeze),
    samples=_sum_samples,
)
def log_sum_exp(node: Apply) -> Replacement:
    """log(sum(exp(x))) -> logsumexp(x); also times a positive constant, and divided by a count as in a mean."""
    total, shift = node.inputs[0], None
    inner = source(total, Elementwise)
    if inner is not None and inner.op.function in (multiply, true_divide):
        total, shift = _without_factor(inner)
        if shift is None:
            return None
    moves, total = peeled(total, (ExpandDims, Transpose, Squeeze))
    found = source(total, Reduce)
    if found is None or found.op.function is not add or head(found.inputs[0]) is not exp:
        return None
    x = found.inputs[0].owner.inputs[0]  # type: ignore[union-attr]
    if x.dtype not in FLOATS or _below_largest(x, found.op.axes) is not None:
        return None
    result = moved(composites.logsumexp(x, found.op.axes), moves)
    return result if shift is None else result + shift


def _without_factor(inner: Apply) -> tuple[Variable, Variable | None]:
    """The sum in sum * c, sum / c or sum / n, and the logarithm of the rest, if that is surely no logarithm of -0."""
    x, factor = inner.inputs
    product = inner.op.function is multiply
    if product and uniform(factor) is None:
        x, factor = factor, x
    value = uniform(factor)
    if value is not None:
        return x, _signed(log(value), product) if value_of(value) > 0 else None  # type: ignore[operator]
    cast = factor.owner if head(factor) in CASTS.values() else None
    counts = not product and cast is not None and cast.inputs[0].dtype in INTEGERS
    return x, _signed(log(factor), product) if counts else None


def _signed(x: Variable, plus: bool) -> Variable:
    return x if plus else -x


def _difference_samples() -> Iterator[Variable]:
    x = array(None, 3)
    yield x - composites.logsumexp(x, 1, keepdims=True)
    yield x - ExpandDims((0,))(composites.logsumexp(x, 0))


@rewrites(
    subtract, name="x - logsumexp(x)", preserves="reals", having=(Composite, ExpandDims), samples=_difference_samples
)
def below_log_sum_exp(node: Apply) -> Replacement:
    """x - logsumexp(x, keepdims=True) -> log_softmax(x)."""
    x, total = node.inputs
    found = _kept(total, Composite)
    inner = named(total if found is None else found[1].outputs[0], "logsumexp")
    if inner is None or inner.inputs[0] is not x:
        return None
    parameters = dict(inner.op.key)
    axes = parameters["axis"]
    fits = parameters["keepdims"] if found is None else not parameters["keepdims"] and found[0] == axes
    return composites.log_softmax(x, axes) if fits else None


# ---- losses of probabilities ----


def _losses() -> Iterator[Variable]:
    x = array(3, 3)
    yield binary_crossentropy(sigmoid(x), array(3, 3, name="t"))
    yield categorical_crossentropy(composites.softmax(x, 1), array(3, dtype="int64", name="i"))


@rewrites(Composite, name="open losses of probabilities", samples=_losses)
def open_losses(node: Apply) -> Replacement:
    """So that the logarithms of probabilities in them are seen."""
    return inline(node) if node.op.label in ("binary_crossentropy", "categorical_crossentropy") else None


SOFTMAX: tuple[Rule, ...] = (open_losses, softmax, log_of_softmax, exp_of_log_softmax, log_sum_exp, below_log_sum_exp)

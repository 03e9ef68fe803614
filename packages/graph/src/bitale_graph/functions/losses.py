"""Losses: what a prediction costs, element by element or row by row; take the mean of them to train."""

from __future__ import annotations

from typing import Any

from bitale_graph.composite import composite
from bitale_graph.dtypes import FLOATS, INEXACT, INTEGERS
from bitale_graph.errors import DtypeError, ShapeError, explain
from bitale_graph.functions import reduction
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.arguments import axis_of
from bitale_graph.functions.composites import log_softmax, logsumexp
from bitale_graph.functions.elementwise import as_inexact, xlog1py, xlogy
from bitale_graph.functions.indexing import take_along_axis
from bitale_graph.functions.movement import expand_dims, squeeze
from bitale_graph.functions.statistics import mean
from bitale_graph.ops import elementwise as row
from bitale_graph.variable import Variable


def categorical_crossentropy(probabilities: Any, targets: Any, axis: int = -1) -> Variable:
    """-log of the probability of the true class, for each element of the other axes.

    `targets` are integer labels (one axis less than the probabilities) or distributions (as many): then
    -sum(targets * log(probabilities)) along `axis`, in which 0 * log(0) is 0. Raises ShapeError or DtypeError
    for other targets, and IndexingError, when the function runs, for a label that is no class.
    """
    what = "categorical_crossentropy"
    x, targets, axis = _classes(what, probabilities, targets, axis)
    return _categorical_crossentropy(x, targets, axis=axis)


def softmax_cross_entropy(logits: Any, targets: Any, axis: int = -1) -> Variable:
    """categorical_crossentropy(softmax(logits), targets), exact where a probability is tiny."""
    x, targets, axis = _classes("softmax_cross_entropy", logits, targets, axis)
    return _softmax_cross_entropy(x, targets, axis=axis)


def binary_crossentropy(probabilities: Any, targets: Any) -> Variable:
    """-(t log(p) + (1 - t) log(1 - p)), element by element; 0 * log(0) is 0."""
    p = as_inexact(probabilities, "binary_crossentropy", FLOATS)
    return _binary_crossentropy(p, _as_floats(targets, p))


def sigmoid_binary_crossentropy(logits: Any, targets: Any) -> Variable:
    """binary_crossentropy(sigmoid(logits), targets), exact where a probability is tiny: softplus(x) - t x."""
    x = as_inexact(logits, "sigmoid_binary_crossentropy", FLOATS)
    return _sigmoid_binary_crossentropy(x, _as_floats(targets, x))


categorical_crossentropy_from_logits = softmax_cross_entropy
binary_crossentropy_with_logits = sigmoid_binary_crossentropy


def mean_squared_error(prediction: Any, target: Any) -> Variable:
    """The mean of (prediction - target)²."""
    return mean(row.square(row.subtract(prediction, target)))


def mean_absolute_error(prediction: Any, target: Any) -> Variable:
    """The mean of |prediction - target|."""
    return mean(row.absolute(row.subtract(prediction, target)))


@composite
def _categorical_crossentropy(probabilities: Variable, targets: Variable, /, *, axis: int) -> Variable:
    if targets.ndim == probabilities.ndim:
        return -reduction.sum(xlogy(targets, probabilities), axis)
    return -row.log(_of_class(probabilities, targets, axis))


@composite
def _softmax_cross_entropy(logits: Variable, targets: Variable, /, *, axis: int) -> Variable:
    if targets.ndim == logits.ndim:
        logarithms = log_softmax(logits, axis)
        without = row.logical_and(row.equal(targets, 0), row.isinf(logarithms))
        return -reduction.sum(row.where(without, 0, targets * logarithms), axis)
    return logsumexp(logits, axis) - _of_class(logits, targets, axis)


@composite
def _binary_crossentropy(probabilities: Variable, targets: Variable, /) -> Variable:
    return -(xlogy(targets, probabilities) + xlog1py(1 - targets, -probabilities))


@composite
def _sigmoid_binary_crossentropy(logits: Variable, targets: Variable, /) -> Variable:
    return row.softplus(logits) - targets * logits


def _classes(what: str, x: Any, targets: Any, axis: int) -> tuple[Variable, Variable, int]:
    """Floating x, its targets as int64 labels or distributions, and the axis of the classes."""
    x, targets = as_inexact(x, what, FLOATS), as_variable(targets)
    axis = axis_of(what, axis, x)
    if targets.ndim == x.ndim:
        return x, _as_floats(targets, x), axis
    if targets.ndim != x.ndim - 1:
        problem = f"{what}: targets of {targets.ndim} axes for {x.ndim} axes"
        raise ShapeError(explain(problem, [x, targets], "Give labels (one axis less) or distributions (as many axes)."))
    if targets.dtype not in INTEGERS:
        raise DtypeError(explain(f"{what}: labels must be integers, not {targets.dtype}", [targets]))
    return x, cast(targets, "int64"), axis


def _as_floats(targets: Any, x: Variable) -> Variable:
    """Targets that are integers or booleans in the dtype of x, which they would widen otherwise."""
    targets = as_variable(targets)
    return targets if targets.dtype in INEXACT else cast(targets, x.dtype)


def _of_class(x: Variable, labels: Variable, axis: int) -> Variable:
    """The elements of x along `axis` that the labels name."""
    return squeeze(take_along_axis(x, expand_dims(labels, axis), axis), axis)

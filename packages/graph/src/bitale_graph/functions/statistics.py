"""Means and deviations, and the reductions that leave NaN out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bitale_graph.dtypes import COMPLEX, INEXACT, SHORT, as_dtype, real_dtype
from bitale_graph.errors import DtypeError, ShapeError, explain
from bitale_graph.functions import reduction
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.movement import expand_dims, squeeze
from bitale_graph.functions.reduction import Axes, reduced_axes
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.control import Check
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import size_product
from bitale_graph.variable import Variable


def mean(x: Any, axis: Axes = None, dtype: object = None, keepdims: bool = False) -> Variable:
    """The arithmetic mean over `axis`, in float64 for integers; of no elements NaN.

    float16 and bfloat16 are added up in float32.
    """
    x = as_variable(x)
    result = _result(x, dtype)
    total = reduction.sum(x, axis, _accumulator(result), keepdims)
    return cast(row.true_divide(total, _count(x, axis, total.dtype)), result)


def average(x: Any, axis: Axes = None, weights: Any = None, keepdims: bool = False) -> Variable:
    """The mean weighted with `weights`, which have the shape of x, or of the axes `axis` of it."""
    if weights is None:
        return mean(x, axis, None, keepdims)
    x, weights = as_variable(x), as_variable(weights)
    axes = reduced_axes("average", axis, x)
    if weights.ndim != x.ndim:
        if axis is None or weights.ndim != len(axes):
            problem = f"average: weights of {weights.ndim} axes for {len(axes)} of the {x.ndim} axes of x"
            raise ShapeError(explain(problem, [x, weights], "Give an axis for each of the axes of the weights."))
        weights = expand_dims(weights, [each for each in range(x.ndim) if each not in axes])
    total = reduction.sum(row.add(weights, row.multiply(x, 0)), axis, None, True)
    result = row.true_divide(reduction.sum(x * weights, axis, None, True), total)
    return result if keepdims else squeeze(result, axes)


def var(x: Any, axis: Axes = None, dtype: object = None, ddof: float = 0, keepdims: bool = False) -> Variable:
    """The mean squared distance from the mean, computed in two passes; n - `ddof` divides, and never less than 0."""
    x = as_variable(x)
    result = _result(x, dtype, inexact=True)
    x = cast(x, _accumulator(result))
    distance = x - mean(x, axis, None, keepdims=True)
    total = reduction.sum(squared(distance), axis, None, keepdims)
    count = _count(x, axis, total.dtype, ddof)
    return cast(row.true_divide(total, count), real_dtype(result))


def std(x: Any, axis: Axes = None, dtype: object = None, ddof: float = 0, keepdims: bool = False) -> Variable:
    """The square root of `var`."""
    return row.sqrt(var(x, axis, dtype, ddof, keepdims))


def nansum(x: Any, axis: Axes = None, dtype: object = None, keepdims: bool = False) -> Variable:
    """`sum` in which NaN counts as 0."""
    return reduction.sum(_without_nan(as_variable(x), 0), axis, dtype, keepdims)


def nanprod(x: Any, axis: Axes = None, dtype: object = None, keepdims: bool = False) -> Variable:
    """`prod` in which NaN counts as 1."""
    return reduction.prod(_without_nan(as_variable(x), 1), axis, dtype, keepdims)


def nanmean(x: Any, axis: Axes = None, dtype: object = None, keepdims: bool = False) -> Variable:
    """`mean` of the elements that are not NaN; NaN where there are none."""
    x = as_variable(x)
    if x.dtype not in INEXACT:
        return mean(x, axis, dtype, keepdims)
    result = _result(x, dtype, inexact=True)
    total = nansum(x, axis, _accumulator(result), keepdims)
    return cast(row.true_divide(total, cast(_numbers(x, axis, keepdims), real_dtype(total.dtype))), result)


def nanvar(x: Any, axis: Axes = None, dtype: object = None, ddof: float = 0, keepdims: bool = False) -> Variable:
    """`var` of the elements that are not NaN; NaN where there are not more than `ddof`."""
    x = as_variable(x)
    if x.dtype not in INEXACT:
        return var(x, axis, dtype, ddof, keepdims)
    result = _result(x, dtype, inexact=True)
    wide = cast(x, _accumulator(result))
    distance = row.where(row.isnan(wide), 0, wide - nanmean(wide, axis, None, keepdims=True))
    total = reduction.sum(squared(distance), axis, None, keepdims)
    count = cast(_numbers(x, axis, keepdims), total.dtype) - ddof
    found = row.where(row.less_equal(count, 0), np.nan, row.true_divide(total, count))
    return cast(found, real_dtype(result))


def nanstd(x: Any, axis: Axes = None, dtype: object = None, ddof: float = 0, keepdims: bool = False) -> Variable:
    """The square root of `nanvar`."""
    return row.sqrt(nanvar(x, axis, dtype, ddof, keepdims))


def nanmax(x: Any, axis: Axes = None, keepdims: bool = False) -> Variable:
    """The largest element that is not NaN; NaN where there is none."""
    return _extremum(reduction.max, -np.inf, x, axis, keepdims)


def nanmin(x: Any, axis: Axes = None, keepdims: bool = False) -> Variable:
    """The smallest element that is not NaN; NaN where there is none."""
    return _extremum(reduction.min, np.inf, x, axis, keepdims)


def nanargmax(x: Any, axis: Axes = None, keepdims: bool = False) -> Variable:
    """`argmax` among the elements that are not NaN; an error when the function runs where there are none."""
    return _arg_extremum(reduction.argmax, -np.inf, x, axis, keepdims)


def nanargmin(x: Any, axis: Axes = None, keepdims: bool = False) -> Variable:
    """`argmin` among the elements that are not NaN; an error when the function runs where there are none."""
    return _arg_extremum(reduction.argmin, np.inf, x, axis, keepdims)


def _result(x: Variable, dtype: object, inexact: bool = False) -> str:
    """The dtype of a mean: `dtype` if given, float64 for integers, else that of x."""
    if dtype is None:
        return x.dtype if x.dtype in INEXACT else "float64"
    name = as_dtype(dtype)
    if inexact and name not in INEXACT:
        raise DtypeError(explain(f"this statistic of elements cannot be {name}", [x], "Cast the result."))
    return name


def _accumulator(dtype: str) -> str:
    """What has 16 bits is accumulated in float32: sums of a few thousand elements lose all digits otherwise."""
    return "float32" if dtype in SHORT else dtype


def _count(x: Variable, axis: Axes, dtype: str, ddof: float = 0) -> Any:
    """How many elements a mean over `axis` has, less `ddof` but not below 0."""
    sizes = shape_of(x)
    count = size_product(sizes[each] for each in reduced_axes("mean", axis, x))
    if isinstance(count, int):
        return np.asarray(np.maximum(count - ddof, 0), real_dtype(dtype))
    count = cast(count, real_dtype(dtype))
    return row.maximum(count - ddof, 0) if ddof else count


def squared(x: Variable) -> Variable:
    """The square of the absolute value."""
    return row.square(row.real(x)) + row.square(row.imag(x)) if x.dtype in COMPLEX else row.square(x)


def _without_nan(x: Variable, replacement: float) -> Variable:
    return row.where(row.isnan(x), replacement, x) if x.dtype in INEXACT else x


def _numbers(x: Variable, axis: Axes, keepdims: bool) -> Variable:
    """How many elements are not NaN."""
    return reduction.sum(row.logical_not(row.isnan(x)), axis, None, keepdims)


def _extremum(reduce: Callable[..., Variable], least: float, x: Any, axis: Axes, keepdims: bool) -> Variable:
    x = as_variable(x)
    found = reduce(_without_nan(x, least), axis, keepdims=keepdims)
    if x.dtype not in INEXACT:
        return found
    return row.where(reduction.all(row.isnan(x), axis, keepdims), np.nan, found)


def _arg_extremum(reduce: Callable[..., Variable], least: float, x: Any, axis: Axes, keepdims: bool) -> Variable:
    x = as_variable(x)
    found = reduce(_without_nan(x, least), axis, keepdims=keepdims)
    if x.dtype not in INEXACT:
        return found
    some = reduction.all(_numbers(x, axis, keepdims))
    return Check("nanargmax and nanargmin need an element that is not NaN in every slice")(found, some)

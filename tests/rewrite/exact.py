"""Expressions computed with hundreds of digits: what rounding, overflow and cancellation are judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, reduce
from typing import Any

import mpmath
import numpy as np

from bitale_graph import Apply, Graph, Variable, functions, leaves, toposort
from bitale_graph.dtypes import FLOATS
from bitale_graph.ops import elementwise as f
from bitale_graph.ops.control import Composite
from bitale_graph.ops.elementwise import Elementwise, Function
from bitale_graph.ops.reduction import Reduce
from bitale_graph.reference import REFERENCE
from bitale_graph.reference.elementwise import FORMULAS

DIGITS = 400  # 1 - exp(-1e-308) has 308 leading nines
HUGE = mpmath.mpf(10) ** 1700  # the exponential of more than this would fill the memory
UNDEFINED = mpmath.mpf("nan")  # outside the function's domain
POLE = "pole"  # a division by zero, whose sign is that of the zero
UNKNOWN = None  # not even this many digits suffice
mp = mpmath.mp


class Cancelled(Exception):
    """All digits cancelled: the result is 0 or too small to be known."""


def _sum(x: Any, y: Any) -> Any:
    if x + y == 0 and x != 0:
        raise Cancelled
    return x + y


def _erfc(x: Any) -> Any:
    """From the asymptotic series (Abramowitz, Stegun 7.1.23) where mpmath's counts do not fit a float."""
    if abs(x) < mp.mpf(10) ** 5 or mpmath.isinf(x):
        return mp.erfc(x)
    tail = mp.exp(-x * x) / (abs(x) * mp.sqrt(mp.pi)) * (1 - 1 / (2 * x * x) + 3 / (4 * x**4) - 15 / (8 * x**6))
    return tail if x > 0 else 2 - tail


ANALYTIC: dict[Function, Callable[..., Any]] = {
    f.add: lambda x, y: _sum(x, y),
    f.subtract: lambda x, y: _sum(x, -y),
    f.multiply: lambda x, y: x * y,
    f.true_divide: lambda x, y: x / y,
    f.negative: lambda x: -x,
    f.absolute: abs,
    f.square: lambda x: x * x,
    f.reciprocal: lambda x: 1 / x,
    f.identity: lambda x: x,
    f.sign: mp.sign,
    f.power: mp.power,
    f.maximum: max,
    f.minimum: min,
    f.sqrt: mp.sqrt,
    f.exp: mp.exp,
    f.exp2: lambda x: mp.exp(x * mp.ln2),
    f.expm1: lambda x: _sum(mp.exp(x), -1),
    f.log: mp.log,
    f.log2: lambda x: mp.log(x) / mp.ln2,
    f.log1p: lambda x: mp.log(_sum(1, x)),
    f.logaddexp: lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
    f.log1mexp: lambda x: mp.log(_sum(1, -mp.exp(x))),
    f.softplus: lambda x: mp.log(1 + mp.exp(x)),
    f.sigmoid: lambda x: 1 / (1 + mp.exp(-x)),
    f.sinh: lambda x: (mp.exp(x) - mp.exp(-x)) / 2,
    f.cosh: lambda x: (mp.exp(x) + mp.exp(-x)) / 2,
    f.tanh: lambda x: 1 - 2 / (mp.exp(2 * x) + 1),
    f.tan: mp.tan,
    f.arctan: mp.atan,
    f.arcsinh: lambda x: mp.sign(x) * mp.log(abs(x) + mp.sqrt(x * x + 1)),
    f.arccosh: lambda x: mp.log(x + mp.sqrt(_sum(x * x, -1))) if x >= 1 else UNDEFINED,
    f.arctanh: lambda x: (mp.log(_sum(1, x)) - mp.log(_sum(1, -x))) / 2,
    f.erf: mp.erf,
    f.erfc: lambda x: _erfc(x),
}
EXPONENTIAL = (f.exp, f.exp2, f.expm1, f.logaddexp, f.log1mexp, f.softplus, f.sigmoid, f.sinh, f.cosh, f.tanh)


def exact(x: Variable, values: Mapping[Variable, np.ndarray], infinity: Any = mpmath.inf) -> np.ndarray:
    """The value of `x` as an array of mpmath numbers, or UNDEFINED, POLE, UNKNOWN.

    `infinity` stands for infinite inputs: a huge number instead gives limits where infinities cancel.
    """
    x = _opened(x)
    with mp.workdps(DIGITS):
        arrays = {v: _numbers(v, value, infinity) for v, value in values.items()}
        for node in toposort([x]):
            inputs = [arrays[v] if v in arrays else _numbers(v, v.data, infinity) for v in node.inputs]
            results = _apply(node.op, inputs, node.outputs[0].dtype)
            arrays.update(zip(node.outputs, results if isinstance(results, tuple) else (results,)))
        return arrays[x] if x in arrays else _numbers(x, x.data, infinity)


def _opened(x: Variable) -> Variable:
    """x with composites replaced by the formulas they stand for."""
    graph = Graph(leaves([x]), [x])
    if not any(isinstance(node.op, Composite) for node in graph.nodes):
        return x
    return graph.map(_open).outputs[0]


def _open(node: Apply, inputs: tuple[Variable, ...]) -> tuple[Variable, ...]:
    if isinstance(node.op, Composite):
        return (FORMULA[node.op.label](*inputs, **dict(node.op.key)),)
    return Apply(node.op, inputs).outputs


def _sum_exp(x: Variable, axis: tuple[int, ...], keepdims: bool = True) -> Variable:
    return functions.sum(f.exp(x), axis, keepdims=keepdims)


FORMULA: dict[str, Callable[..., Variable]] = {
    "softmax": lambda x, axis: f.exp(x) / _sum_exp(x, axis),
    "log_softmax": lambda x, axis: x - f.log(_sum_exp(x, axis)),
    "logsumexp": lambda x, axis, keepdims: f.log(_sum_exp(x, axis, keepdims)),
}


def _numbers(v: Variable, value: np.ndarray, infinity: Any = mpmath.inf) -> np.ndarray:
    if v.dtype not in FLOATS:
        return np.asarray(value)

    def number(each: float) -> Any:
        return int(np.sign(each)) * infinity if np.isinf(each) else mpmath.mpf(float(each))

    return np.asarray(np.frompyfunc(number, 1, 1)(value), object)


def _apply(op: Any, inputs: list[np.ndarray], dtype: str) -> Any:
    if isinstance(op, Reduce) and inputs[0].dtype == object:
        combine = np.frompyfunc(_guarded(op.function), 2, 1)
        return np.asarray(reduce(combine.reduce, sorted(op.axes, reverse=True), inputs[0]), object)
    if not isinstance(op, Elementwise):
        return REFERENCE[op](op, *inputs)
    if dtype in FLOATS and op.function.name.startswith("cast_"):
        return (
            inputs[0] if inputs[0].dtype == object else np.asarray(np.frompyfunc(mpmath.mpf, 1, 1)(inputs[0]), object)
        )
    if op.function in ANALYTIC and any(a.dtype == object for a in inputs):
        return np.asarray(np.frompyfunc(_guarded(op.function), len(inputs), 1)(*inputs), object)
    with np.errstate(all="ignore"):
        result = FORMULAS[op.function](*inputs)
    return result if dtype in FLOATS else np.asarray(result, dtype)


@cache
def _guarded(function: Function) -> Callable[..., Any]:
    compute = ANALYTIC[function]

    def guarded(*operands: Any) -> Any:
        for special in (UNKNOWN, POLE):
            if any(v is special for v in operands):
                return special
        if any(mpmath.isnan(v) for v in operands):
            return UNDEFINED
        if function in EXPONENTIAL and any(HUGE < abs(v) < mpmath.inf for v in operands):
            return UNKNOWN
        try:
            result = compute(*operands)
        except Cancelled:
            return UNKNOWN
        except ZeroDivisionError:
            return POLE
        except ValueError:
            return UNDEFINED
        return UNDEFINED if isinstance(result, mpmath.mpc) else result

    return cache(guarded)  # values come again in every combination

"""Every elementwise function: derivatives in both modes and to second order, real and complex."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_autodiff import PARTIALS, check_gradient
from bitale_graph.errors import DtypeError
from bitale_graph.ops import elementwise
from bitale_graph.ops.elementwise import CASTS, Function

# Not FUNCTIONS, which holds users' functions too.
BUILT_IN = [*{f for f in vars(elementwise).values() if isinstance(f, Function)}, *CASTS.values()]
BUILT_IN.sort(key=str)

# Where a function is not smooth on the whole line: an interval to draw its operands from.
RANGES = {
    "sqrt": (0.5, 2), "cbrt": (0.5, 2), "log": (0.5, 2), "log2": (0.5, 2), "log10": (0.5, 2), "reciprocal": (0.5, 2),
    "log1p": (-0.5, 2), "log1mexp": (-2, -0.5), "arcsin": (-0.8, 0.8), "arccos": (-0.8, 0.8), "arccosh": (1.5, 3),
    "arctanh": (-0.8, 0.8), "tan": (-1, 1), "gammaln": (0.5, 4), "digamma": (0.5, 4), "power": (0.5, 2),
    "true_divide": (0.5, 2), "absolute": (0.3, 2), "sign": (0.3, 2), "copysign": (0.3, 2), "hypot": (0.5, 2),
    "arctan2": (0.5, 2), "angle": (0.5, 2), "ndtri": (0.2, 0.8),
}  # fmt: skip
STEPS = {"floor", "ceil", "trunc", "rint", "floor_divide", "remainder", "fmod"}


def operands(function: Function, dtype: str) -> list[np.ndarray]:
    """Matrices of 2 by 3 with generic elements; the second operand stretches over the rows, the third is a scalar."""
    rng = np.random.default_rng(len(function.name))
    low, high = RANGES.get(function.name, (-2, 2))
    if function.name in STEPS:  # halfway between the steps
        tops, bottoms = [[3.3, 4.4, -2.7], [6.2, -1.3, 0.7]], [[1.6, -1.2, 1.9]]
        arrays = [np.array(tops), np.array(bottoms)][: function.arity]
    else:
        shapes = [(2, 3), (1, 3), ()][: function.arity]
        arrays = [rng.uniform(low, high, shape) for shape in shapes]
    if function.name == "clip":
        arrays[1:] = [np.full((1, 3), -1.0), np.float64(1.0)]
    if function.name == "where":
        arrays = [arrays[0] > 0, arrays[0], arrays[1]]
    if dtype == "complex128":
        arrays = [a + 0.5j * rng.uniform(0.2, 1, np.shape(a)) if a.dtype != bool else a for a in arrays]
    return arrays


def differentiable(dtype: str) -> list[Function]:
    """The functions that take and give numbers of a kind that has derivatives."""
    found = []
    for function in BUILT_IN:
        try:
            _, result = function.resolve(tuple(a.dtype.name for a in operands(function, dtype)))
        except (TypeError, DtypeError):
            continue
        if result in ("float64", "complex128"):  # rounding hides small differences in the smaller ones
            found.append(function)
    return found


def test_every_function_has_a_row():
    assert PARTIALS.missing(BUILT_IN) == []


@pytest.mark.parametrize("static", [True, False], ids=["static", "unknown"])
@pytest.mark.parametrize("function", differentiable("float64"), ids=str)
def test_real(function: Function, static: bool):
    check_gradient(function, operands(function, "float64"), static=static)


@pytest.mark.parametrize("function", differentiable("complex128"), ids=str)
def test_complex(function: Function):
    check_gradient(function, operands(function, "complex128"))

"""Variables print as readable mathematics, and what is too deep or too long becomes dots."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_graph import Constant, Variable, functions, tensor_type
from bitale_graph.latex import latex, name_latex, number


def variable(name: str | None, ndim: int = 1, dtype: str = "float64") -> Variable:
    return Variable(tensor_type(dtype, (None,) * ndim), name=name)


x, y, a = variable("x"), variable("y"), variable("a", 0)
A, B = variable("A", 2), variable("B", 2)
named = functions.exp(x)
named.name = "t"

FORMULAS = [
    (x + y * 2, r"x + y \cdot 2"),
    ((x + y) * a, r"\left(x + y\right) \, a"),
    (x * y, r"x \odot y"),
    (x - (y - x), r"x - \left(y - x\right)"),
    (x - y + a, "x - y + a"),
    (x + -y, r"x + \left(-y\right)"),
    (-(x**2), "-x^{2}"),
    ((-x) ** 2, r"\left(-x\right)^{2}"),
    (x ** (y + 1), "x^{y + 1}"),
    (x / (1 + functions.exp(-y)), r"\frac{x}{1 + e^{-y}}"),
    (functions.sqrt(x + y), r"\sqrt{x + y}"),
    (abs(x - 1), r"\left|x - 1\right|"),
    (functions.log1p(-x), r"\log\left(1 + \left(-x\right)\right)"),
    (functions.maximum(x, 0.5), r"\max\left(x, 0.5\right)"),
    (functions.where(x > 0, x, 0), r"\begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}"),
    (functions.logical_not(x > 0), r"\neg \left(x > 0\right)"),
    ((x > 0) & (y <= 1), r"\left(x > 0\right) \mathbin{\&} \left(y \leq 1\right)"),
    (x // 2, r"\left\lfloor \frac{x}{2} \right\rfloor"),
    (x.astype("float32"), "x"),
    (functions.hypot(x, y), r"\operatorname{hypot}\left(x, y\right)"),
    (A @ x + y, r"A \, x + y"),
    (A @ B, r"A \, B"),
    (A.T @ B, r"A^{\top} \, B"),
    ((A + B) @ x, r"\left(A + B\right) \, x"),
    (x @ y, r"x^{\top} \, y"),
    (functions.outer(x, y), r"x \, y^{\top}"),
    (A.sum(), r"\sum A"),
    ((A * a).sum(axis=0), r"\sum_{0} A \, a"),
    (x.prod(), r"\prod x"),
    (x.shape[0] * 1.0, r"\dim_{0}\left(x\right) \cdot 1"),
    (named + functions.log(named), r"t + \log\left(t\right)"),
    (named, "e^{x}"),
    (x * Constant(np.array([1.0, 2.0])), r"x \odot \mathtt{[1., 2.]}"),
    (variable(None, 2, "int8"), r"\mathtt{int8[?, ?]}"),
]


@pytest.mark.parametrize("formula, expected", FORMULAS, ids=[repr(v) for v, _ in FORMULAS])
def test_formulas(formula: Variable, expected: str):
    assert latex(formula) == expected
    assert formula._repr_latex_() == rf"$\displaystyle {expected}$"


@pytest.mark.parametrize(
    "name, expected",
    [
        ("x", "x"), ("x1", "x_{1}"), ("W_12", "W_{12}"), ("alpha", r"\alpha"), ("sigma_2", r"\sigma_{2}"),
        ("rate", r"\mathit{rate}"), ("learning_rate", r"\mathit{learning\_rate}"), ("50%", r"\mathit{50\%}"),
        ("a{b}", r"\mathit{a\{b\}}"), ("3", r"\mathit{3}"), ("\\evil", r"\mathit{ evil}"),
    ],
)  # fmt: skip
def test_names(name: str, expected: str):
    assert name_latex(name) == expected


@pytest.mark.parametrize(
    "value, expected",
    [
        (2.0, "2"), (0.25, "0.25"), (1e-5, r"1 \cdot 10^{-5}"), (1e20, r"1 \cdot 10^{20}"), (-3, "-3"),
        (np.inf, r"\infty"), (np.nan, r"\mathrm{NaN}"), (True, r"\mathrm{T}"),
    ],
)  # fmt: skip
def test_numbers(value, expected: str):
    assert number(np.asarray(value)).text == expected


def test_what_is_deep_becomes_dots():
    z = x
    for _ in range(1000):
        z = functions.tanh(z)
    assert latex(z).count(r"\tanh") == 12
    assert r"\cdots" in latex(z)


def test_what_is_shared_over_and_over_stays_short():
    z = x
    for _ in range(60):
        z = functions.where(z > 0, z * z, z + z)
    assert 100 < len(latex(z)) <= 1500


def test_a_formula_of_many_operands_becomes_dots():
    z = functions.concatenate([variable(f"operand_{i}") for i in range(500)])
    assert latex(z) == r"\cdots"

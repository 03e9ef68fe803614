"""What bad input gets: the class of each error and its text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T

HERE = r"test_errors\.py:\d+"
A = np.ones(3)
MASKED = np.ma.masked_array(A, [False, True, False])


def inputs() -> tuple[Any, Any, Any]:
    return T.vector("x"), T.vector("y"), bt.shared(np.ones(3), "w")


def build(make: Callable[[Any, Any, Any], Any]) -> Any:
    return make(*inputs())


BUILDING: dict[str, tuple[Callable[[Any, Any, Any], Any], type[Exception], str]] = {
    "missing input": (lambda x, y, w: bt.function([x], T.exp(x + y)), ValueError,
                      rf"need `y`, which is not among the inputs(.|\n)*exp.*{HERE}(.|\n)*givens"),
    "unused input": (lambda x, y, w: bt.function([x, y], x), ValueError, rf"not used(.|\n)*y.*{HERE}(.|\n)*ignore"),
    "duplicate input": (lambda x, y, w: bt.function([x, x], x), ValueError, "stands twice"),
    "shared as input": (lambda x, y, w: bt.function([w], w), ValueError, "read by themselves"),
    "no list": (lambda x, y, w: bt.function(x, x), ValueError, r"write function\(\[x\]"),
    "no variable": (lambda x, y, w: bt.function([1.0], x), ValueError, "must be a symbolic variable"),
    "update of another dtype": (lambda x, y, w: bt.function([], updates={w: T.cast(w, "float32")}), TypeError,
                                rf"`w` has dtype float32(.|\n)*{HERE}(.|\n)*astype\('float64'\)"),
    "update of another rank": (lambda x, y, w: bt.function([], updates={w: T.outer(w, w)}), ValueError, "2 axes"),
    "update of no shared": (lambda x, y, w: bt.function([x], x, updates={x: x}), ValueError, "only shared"),
    "two updates": (lambda x, y, w: bt.function([], updates=[(w, w), (w, w)]), ValueError, "updated twice"),
    "cyclic givens": (lambda x, y, w: bt.function([], x + w, givens={x: y, y: x}), ValueError, "in a circle"),
    "given of another dtype": (lambda x, y, w: bt.function([], x, givens={x: T.cast(w, "int32")}), ValueError,
                               "dtype and rank"),
    "unknown mode": (lambda x, y, w: bt.function([x], x, mode="fast"), ValueError, "mode must be one of c, numpy"),
    "no pairs": (lambda x, y, w: bt.function([], updates=[w]), ValueError, "updates are pairs .* and w is none"),
    "a variable for pairs": (lambda x, y, w: bt.function([x], x, givens=w), ValueError, "replacements are a dict or a"),
    "an input with an update": (lambda x, y, w: bt.function([bt.In(x, update=x + 1)], x), ValueError,
                                r"input 0 has an update(.|\n)*Write s = shared\(value\)"),
    "a name that is none": (lambda x, y, w: bt.function([x], x, name=3), ValueError, "name of a function is a string"),
    "masked constant": (lambda x, y, w: x + MASKED, TypeError, r"masked array .* value.filled\(0\)"),
    "masked shared": (lambda x, y, w: bt.shared(MASKED), TypeError, r"masked array .* value.filled\(0\)"),
    "masked default": (lambda x, y, w: bt.function([bt.In(x, value=MASKED)], x), TypeError, "masked array"),
    "static shapes": (lambda x, y, w: T.tensor("a", shape=(3,)) + T.tensor("b", shape=(4,)), ValueError,
                      rf"lengths \[3, 4\](.|\n)*a: float64\[3\].*{HERE}"),
    "truth value": (lambda x, y, w: bool(x > 0), TypeError, "neither true nor false"),
    "object array": (lambda x, y, w: x + np.array([object()]), TypeError, "as an array"),
}  # fmt: skip

CALLING: dict[str, tuple[Callable[[Any], Any], type[Exception], str]] = {
    "wrong rank": (lambda f: f(np.ones((2, 2)), A), ValueError, r"argument 0 \(`x`\) has 2 axes"),
    "wrong dtype": (lambda f: f(A * 1j, A), TypeError, "complex128, which float64 cannot hold"),
    "a string": (lambda f: f("a", A), TypeError, "no array of numbers"),
    "objects": (lambda f: f(np.array([1, 2.5], object), A), TypeError, r"(?s)no array .* numpy\.asarray\(value, 'flo"),
    "None": (lambda f: f(None, A), TypeError, r"is of type NoneType \(dtype object\), no array of numbers"),
    "masked": (lambda f: f(MASKED, A), TypeError, r"masked array with elements missing(.|\n)*value.filled\(0\)"),
    "variables": (lambda f: f([T.scalar("s")] * 3, A), TypeError, "made an array: a symbolic variable has no value"),
    "an integer without end": (lambda f: f([10**400], A), TypeError, "an integer that is too large for float64"),
    "ragged": (lambda f: f([[1.0], [1.0, 2.0]], A), TypeError, "cannot be made an array"),
    "too many": (lambda f: f(A, A, A), TypeError, "takes 2 arguments, 3 were given"),
    "too few": (lambda f: f(A), TypeError, "misses 1 of its 2 arguments: `y`"),
    "unknown name": (lambda f: f(A, z=A), TypeError, "no input named 'z'"),
    "twice": (lambda f: f(A, x=A), TypeError, "two values for input 'x'"),
    "shapes differ": (lambda f: f(A, np.ones(4)), ValueError,
                      rf"axis 0 has length 3 in one operand and 4(.|\n)*x.*{HERE}(.|\n)*y.*{HERE}"),
}  # fmt: skip


@pytest.mark.parametrize("name", BUILDING)
def test_building(name: str) -> None:
    make, error, text = BUILDING[name]
    with pytest.raises(error, match=text):
        build(make)


@pytest.fixture(scope="module")
def product() -> Any:
    x, y, _ = inputs()
    return bt.function([x, y], x * y)


@pytest.mark.parametrize("name", CALLING)
def test_calling(name: str, product: Any) -> None:
    call, error, text = CALLING[name]
    with pytest.raises(error, match=text):
        call(product)


def test_symbolic_argument(product: Any) -> None:
    with pytest.raises(TypeError, match="is a symbolic variable"):
        product(T.vector("q"), A)


def test_indices_out_of_range() -> None:
    x, i = T.vector("x"), T.lvector("i")
    f = bt.function([x, i], x[i])
    np.testing.assert_array_equal(f(np.arange(3.0), np.array([-1, 0])), [2, 0])
    for bad in (3, -4):
        with pytest.raises(IndexError, match=rf"index {bad} is out of range for axis 0 of length 3(.|\n)*x.*{HERE}"):
            f(A, np.array([0, bad]))


def test_nan_guard_names_the_node_and_the_line() -> None:
    x = T.vector("x")
    f = bt.function([x], T.sum(T.log(x) * 0 + 1), mode="nan_guard")
    assert f(A) == 3
    with pytest.raises(FloatingPointError, match=rf"`log` makes an infinity of finite numbers(.|\n)*{HERE}"):
        f(np.zeros(3))


def test_setting_a_shared_variable() -> None:
    w = bt.shared(np.ones(3), "w", shape=(3,))
    with pytest.raises(ValueError, match=r"cannot set a value of shape \(4,\)"):
        w.set_value(np.ones(4))
    with pytest.raises(TypeError, match="cannot set a value of dtype complex128"):
        w.set_value(np.ones(3) * 1j)


def test_long_chains_neither_recurse_nor_crash() -> None:
    x = T.vector("x")
    y = x
    for _ in range(3000):
        y = y * 0.5 + x
    f = bt.function([x], y, mode="numpy")
    np.testing.assert_allclose(f(A), 2 * A)
    z = x
    for _ in range(2000):
        z = T.sin(z) + x
    compiled, interpreted = bt.function([x], z), bt.function([x], z, mode="numpy")
    np.testing.assert_allclose(compiled(A), interpreted(A), rtol=1e-9)

"""Elementwise functions give NumPy's dtypes and NumPy's values, for all dtypes and for Python scalars."""

from __future__ import annotations

import math
import warnings
from functools import partial

import numpy as np
import pytest

from bitale_graph import Variable, functions, tensor_type
from bitale_graph.dtypes import INTEGERS
from bitale_graph.errors import ArgumentError, BitaleError, DtypeError
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_graph.reference import evaluate
from tests.graph.oracle import NUMPYS

VALUES = {
    "b": [False, True, True, False],
    "i": [0, 1, 2, 3, 7],
    "u": [0, 1, 2, 3, 7],
    "f": [0.0, -0.0, 0.25, 1.0, -1.0, 2.5, -3.5, 9.0, np.inf, -np.inf, np.nan],
    "c": [0.0, 1.0 + 2.0j, -0.5j, -2.0, 3.0 - 1.0j],
}
SCALARS = [True, 0, 3, -2, 300, 2**40, 0.0, 2.5, -1.5, 1.5j, 1e30]
UFUNCS = sorted(name for name in FUNCTIONS if isinstance(getattr(np, name, None), np.ufunc))
UNARY = [name for name in UFUNCS if FUNCTIONS[name].arity == 1]
BINARY = [name for name in UFUNCS if FUNCTIONS[name].arity == 2]
UNSIGNED_RIGHT = ("power", "left_shift", "right_shift")  # a negative one is an error, or undefined


def numbers(dtype: str, negative: bool = True) -> np.ndarray:
    values = np.array(VALUES[np.dtype(dtype).kind]).astype(dtype)
    if np.dtype(dtype).kind == "i" and negative:
        info = np.iinfo(dtype)
        return np.append(values, np.array([-1, -3, info.min, info.max], dtype))
    return values


def variable(dtype: str, shape: tuple[int | None, ...] = (None,)) -> Variable:
    return Variable(tensor_type(dtype, shape))


def numpy_result(function, *operands):
    """What NumPy gives, or the class of error that it raises."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
            return function(*operands)
    except (TypeError, ValueError, OverflowError) as error:
        return error


def built(function, *operands):
    """What Bitale gives: arrays become variables, which are then evaluated at these arrays."""
    variables = [variable(v.dtype, v.shape) if isinstance(v, np.ndarray) else v for v in operands]
    values = {v: a for v, a in zip(variables, operands) if isinstance(v, Variable)}
    try:
        return evaluate(function(*variables), values)
    except BitaleError as error:
        return error


def assert_same(mine, theirs):
    if isinstance(theirs, Exception):
        assert isinstance(mine, BitaleError), f"NumPy refuses ({theirs}), Bitale gives {mine}"
    else:
        assert not isinstance(mine, Exception), mine
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", NUMPYS)
def test_unary_functions_are_numpys(name: str, dtype: str):
    assert_same(built(getattr(functions, name), numbers(dtype)), numpy_result(getattr(np, name), numbers(dtype)))


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("left", NUMPYS)
def test_binary_functions_are_numpys_for_all_pairs_of_dtypes(name: str, left: str):
    for right in NUMPYS:
        x, y = numbers(left)[:, None], numbers(right, negative=name not in UNSIGNED_RIGHT)[None, :]
        assert_same(built(getattr(functions, name), x, y), numpy_result(getattr(np, name), x, y))


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("dtype", NUMPYS)
def test_python_scalars_adapt_as_in_numpy(name: str, dtype: str):
    x = numbers(dtype, negative=name not in UNSIGNED_RIGHT)
    for scalar in SCALARS:
        if name in UNSIGNED_RIGHT and np.real(scalar) < 0:
            continue
        for operands in ((x, scalar), (scalar, x)):
            theirs = numpy_result(getattr(np, name), *operands)
            assert_same(built(getattr(functions, name), *operands), theirs)


@pytest.mark.parametrize("name", ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"])
def test_integers_compare_with_python_integers_out_of_bounds(name: str):
    for dtype in INTEGERS:
        for scalar in (-(2**70), -(2**63), -129, 256, 2**64, 2**70):
            expected = numpy_result(getattr(np, name), numbers(dtype), scalar)
            assert_same(built(getattr(functions, name), numbers(dtype), scalar), expected)


@pytest.mark.parametrize("dtype", NUMPYS)
def test_where_promotes_as_numpy(dtype: str):
    x = numbers(dtype)
    condition = np.arange(x.size) % 2
    for other in NUMPYS:
        y = np.resize(numbers(other), x.shape)
        assert_same(built(functions.where, condition, x, y), np.where(condition, x, y))
    for scalar in SCALARS:
        # Where NumPy wraps an integer that does not fit, Bitale refuses it, as both do in arithmetic.
        fits = not isinstance(numpy_result(np.add, x, scalar), OverflowError)
        theirs = numpy_result(np.where, condition, x, scalar) if fits else OverflowError(scalar)
        assert_same(built(functions.where, condition, x, scalar), theirs)


@pytest.mark.parametrize("dtype", NUMPYS)
def test_casts_are_numpys(dtype: str):
    x = numbers(dtype)
    for wanted in NUMPYS:
        mine = built(partial(functions.cast, dtype=wanted), x)
        assert_same(mine, numpy_result(x.astype, wanted))


LONG = np.array([0, 1, 7, 8, 31, 63, 64, 100], "uint8")


@pytest.mark.parametrize("name", ["left_shift", "right_shift"])
@pytest.mark.parametrize("dtype", [d for d in NUMPYS if np.dtype(d).kind in "iu"])
def test_shifts_beyond_the_width_are_numpys(name: str, dtype: str):
    x, y = numbers(dtype)[:, None], LONG.astype(dtype)[None, :]
    assert_same(built(getattr(functions, name), x, y), numpy_result(getattr(np, name), x, y))


COMPOSED = {
    "clip below": (lambda xp, x: xp.clip(x, 1, None), "iuf"),
    "clip above": (lambda xp, x: xp.clip(x, None, 2), "iuf"),
    "clip both": (lambda xp, x: xp.clip(x, 1, 2), "iuf"),
    "clip crossed": (lambda xp, x: xp.clip(x, 3, 1), "iuf"),
    "clip to floats": (lambda xp, x: xp.clip(x, 0.5, 1.5), "iuf"),
    "round": (lambda xp, x: xp.round(x), "iufc"),
    "round to a decimal": (lambda xp, x: xp.round(x / 8, 1), "iufc"),
    "round to tens": (lambda xp, x: xp.round(x * 5, -1), "f"),
    "fabs": (lambda xp, x: xp.fabs(x), "biufc"),
    "float_power": (lambda xp, x: xp.float_power(x, 2), "biufc"),
    "deg2rad": (lambda xp, x: xp.deg2rad(x), "biufc"),
    "rad2deg": (lambda xp, x: xp.rad2deg(x), "biufc"),
    "heaviside": (lambda xp, x: xp.heaviside(x, 0.5), "biufc"),
    "sinc": (lambda xp, x: xp.sinc(x / 4), "iuf"),
    "isposinf": (lambda xp, x: xp.isposinf(x), "biufc"),
    "isneginf": (lambda xp, x: xp.isneginf(x), "biufc"),
    "isreal": (lambda xp, x: xp.isreal(x), "biufc"),
    "iscomplex": (lambda xp, x: xp.iscomplex(x), "biufc"),
    "isclose": (lambda xp, x: xp.isclose(x, x + 1e-9), "biufc"),
    "isclose to a number": (lambda xp, x: xp.isclose(x, 1, atol=2), "biufc"),
    "isclose with NaN": (lambda xp, x: xp.isclose(x, x, equal_nan=True), "biufc"),
    "nan_to_num": (lambda xp, x: xp.nan_to_num(x), "biufc"),
    "nan_to_num to numbers": (lambda xp, x: xp.nan_to_num(x, nan=1.0, posinf=2.0, neginf=3.0), "biufc"),
    "divmod": (lambda xp, x: xp.divmod(x, 3)[1], "iuf"),
    "fix": (lambda xp, x: xp.fix(x), "f"),
    "real": (lambda xp, x: xp.real(x), "biufc"),
    "imag": (lambda xp, x: xp.imag(x), "biufc"),
    "angle": (lambda xp, x: xp.angle(x), "biufc"),
    "conj": (lambda xp, x: xp.conj(x), "iufc"),
}


@pytest.mark.parametrize(
    "name, dtype",
    [(name, dtype) for name, (_, kinds) in COMPOSED.items() for dtype in NUMPYS if np.dtype(dtype).kind in kinds],
)
def test_short_expressions_are_numpys(name: str, dtype: str):
    function, _ = COMPOSED[name]
    x = numbers(dtype)
    mine, theirs = built(partial(function, functions), x), numpy_result(partial(function, np), x)
    if isinstance(theirs, Exception) or theirs.dtype.kind not in "fc":
        assert_same(mine, theirs)
        return
    assert not isinstance(mine, Exception), mine
    assert mine.dtype == theirs.dtype
    np.testing.assert_allclose(mine, theirs, rtol=4 * np.finfo(theirs.dtype).eps)


@pytest.mark.parametrize("name", ["xlogy", "xlog1py", "logit", "expit", "psi", "erf", "erfc", "softplus", "log1mexp"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_special_functions_are_scipys(name: str, dtype: str):
    scipy_special = pytest.importorskip("scipy.special")
    x = np.array([-np.inf, -3.0, -1.0, -1e-9, 0.0, 1e-9, 0.25, 0.5, 1.0, 3.0, 30.0, np.inf, np.nan], dtype)
    theirs = (
        getattr(scipy_special, name, None)
        or {
            "softplus": lambda v: np.logaddexp(v, v.dtype.type(0)),
            "log1mexp": lambda v: np.log(-scipy_special.expm1(v)),
        }[name]
    )
    operands = (x[:, None], x[None, :]) if name.startswith("xlog") else (x,)
    expected = numpy_result(theirs, *operands)
    found = built(getattr(functions, name), *operands)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=8 * np.finfo(dtype).eps, atol=np.finfo(dtype).tiny)


ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "hard_sigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "gelu": lambda x: x * np.array([1 + math.erf(v / math.sqrt(2)) for v in x]) / 2,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_activations_keep_the_dtype(name: str, dtype: str):
    x = np.array([-9.0, -1.0, 0.0, 1.0, 5.0], dtype)
    found = built(getattr(functions, name), x)
    assert found.dtype == dtype
    expected, tolerance = ACTIVATIONS[name](x.astype("float64")), 4 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def test_names_of_numpy_and_theano_are_the_same_functions():
    same = """
        abs absolute, conj conjugate, divide true_divide, mod remainder, pow power, neg negative, sqr square,
        inv reciprocal, eq equal, neq not_equal, lt less, le less_equal, gt greater, ge greater_equal,
        switch where, floor_div floor_divide, acos arccos, atan2 arctan2, bitwise_not invert
    """
    for alias, name in (pair.split() for pair in same.split(",")):
        assert getattr(functions, alias) is getattr(functions, name)


@pytest.mark.parametrize(
    "build, kind, message",
    [
        (lambda x: functions.bitwise_and(x, 1.5), DtypeError, "bitwise_and is not defined for int8, float64"),
        (lambda x: x + 300, OverflowError, "add: the Python integer 300 is out of bounds for int8"),
        (
            lambda x: x**-1,
            ArgumentError,
            "power: an integer to the power -1 is no integer; cast it to a float or write -1.0",
        ),
        (lambda x: functions.where(x, x), ArgumentError, "both x and y"),
        (lambda x: functions.less(x, "a"), DtypeError, "cannot use 'a'"),
        (lambda x: functions.add(x, None), DtypeError, "cannot use None"),
        (lambda x: functions.add(x, [[1], [2, 3]]), DtypeError, "cannot make an array of"),
        (lambda x: functions.add(x, object()), DtypeError, "cannot use"),
        (lambda x: functions.add(x, 2**70), DtypeError, "out of bounds for int8"),
        (lambda x: functions.cast(x, "O"), DtypeError, "object"),
        (lambda x: functions.cast(x, "floaty"), DtypeError, "'floaty' is no dtype"),
        (lambda x: functions.isposinf(functions.cast(x, "complex64")), DtypeError, "isposinf is not defined"),
        (lambda x: functions.elu(x * 1j), DtypeError, "elu is not defined for complex128"),
    ],
)
def test_mistakes_get_an_answer(build, kind, message):
    with pytest.raises(kind, match=message) as caught:
        build(variable("int8"))
    assert isinstance(caught.value, BitaleError)


def test_operands_that_do_not_fit_are_named_with_their_lines():
    x, y = variable("float64", (2,)), variable("float64", (3,))
    x.name, y.name = "x", "y"
    with pytest.raises(ValueError, match=r"add: lengths \[2, 3\] on axis 0 differ") as caught:
        x + y
    for line in ("x: float64[2]    made at", "y: float64[3]    made at", "test_functions_elementwise.py:"):
        assert line in str(caught.value)

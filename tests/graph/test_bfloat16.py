"""bfloat16, which NumPy does not know: its place among the dtypes, and results that are float32's, rounded once."""

from __future__ import annotations

import pickle

import ml_dtypes
import numpy as np
import pytest

from bitale_graph import Graph, Variable, evaluate, functions, tensor_type, verify
from bitale_graph.dtypes import BFLOAT16, DTYPES, FLOATS, as_dtype, can_cast, result_type
from bitale_graph.errors import DtypeError
from bitale_graph.latex import latex
from bitale_graph.ops.elementwise import FUNCTIONS
from tests.support.samples import signatures
from tests.support.values import generic, values

FUNCTIONS_OF_IT = [name for name, f in FUNCTIONS.items() if ("bfloat16",) * f.arity in signatures(f)]
ITSELF = ("nextafter",)  # a neighbour among numbers of 16 bits
# JAX's and ml_dtypes' among floats; integers that it does not hold widen it, as they widen float16.
TOGETHER = {
    "bool": "bfloat16", "int8": "bfloat16", "uint8": "bfloat16", "bfloat16": "bfloat16",
    "int16": "float32", "uint16": "float32", "float16": "float32", "float32": "float32",
    "int32": "float64", "uint32": "float64", "int64": "float64", "uint64": "float64", "float64": "float64",
    "complex64": "complex64", "complex128": "complex128",
}  # fmt: skip


def vector(dtype: str = "bfloat16", name: str = "x") -> Variable:
    return Variable(tensor_type(dtype, (None,)), name=name)


def bits(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, BFLOAT16).view("uint16")


@pytest.mark.parametrize("other", DTYPES)
def test_promotion(other: str):
    together = TOGETHER[other]
    assert result_type("bfloat16", other) == result_type(other, "bfloat16") == together
    x, y = vector(), vector(other)
    for joint in (x + y, functions.where(True, y, x), functions.concatenate([x, y]), functions.dot(y, x)):
        assert joint.dtype == together
    ones = np.ones(1, BFLOAT16), np.ones(1, other)
    assert together == np.add(*ones).dtype  # ml_dtypes' choice of a loop, for which it has no name in result_type
    assert can_cast("bfloat16", other) == np.can_cast(BFLOAT16, other)
    assert can_cast(other, "bfloat16") == np.can_cast(other, BFLOAT16)
    assert can_cast("bfloat16", other, "same_kind") == (other in FLOATS or other.startswith("complex"))
    assert can_cast(other, "bfloat16", "same_kind") == (not other.startswith("complex"))


def test_python_scalars_adapt():
    x = vector()
    assert all((x + n).dtype == (n * x).dtype == "bfloat16" for n in (True, 2, 0.1))
    assert (x + 1j).dtype == (x + np.complex64(1)).dtype == "complex64"
    assert (x / 2).dtype == (x**0.5).dtype == functions.exp(x).dtype == functions.mean(x).dtype == "bfloat16"
    assert (x > 0.5).dtype == "bool" and functions.floor(x).dtype == "bfloat16"
    assert np.result_type(x, 1.0) == BFLOAT16 and np.result_type(x, np.float32) == np.float32


def test_names():
    assert as_dtype(BFLOAT16) == as_dtype(ml_dtypes.bfloat16) == as_dtype("bfloat16") == "bfloat16"
    assert functions.zeros(3, dtype=ml_dtypes.bfloat16).dtype == vector().real.dtype == "bfloat16"
    for other in ("float8_e5m2", "int4"):
        with pytest.raises(DtypeError, match=f"{other} (is|are) not supported; known dtypes are .*bfloat16"):
            as_dtype(getattr(ml_dtypes, other))


@pytest.mark.parametrize("name", FUNCTIONS_OF_IT)
def test_functions_are_those_of_float32_rounded_once(name: str):
    function, x = FUNCTIONS[name], values("bfloat16")
    operands = np.meshgrid(*[x] * function.arity) if function.arity < 3 else [np.roll(x, k) for k in range(3)]
    operands = [a.ravel() for a in operands]
    narrow, wide = ([Variable(tensor_type(d, (None,))) for _ in operands] for d in ("bfloat16", "float32"))
    found = evaluate(Graph(narrow, [function(*narrow)]), operands)[0]
    wanted = evaluate(Graph(wide, [function(*wide)]), [a.astype("float32") for a in operands])[0]
    if name in ITSELF:
        wanted = np.nextafter(*operands)
    if found.dtype == BFLOAT16:
        wanted = wanted.astype(BFLOAT16)
        found, wanted = found.astype("float32"), wanted.astype("float32")
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "cumsum", "cumprod", "max", "argmin"])
def test_reductions_gather_in_float32(name: str):
    x = generic((300,), "bfloat16")
    x = np.abs(x) ** BFLOAT16.type(0.1) if "prod" in name else x
    v, wide = vector(), vector("float32")
    found = evaluate(getattr(functions, name)(v), [x])
    wanted = evaluate(getattr(functions, name)(wide), [x.astype("float32")])
    assert found.dtype == ("int64" if name == "argmin" else "bfloat16")
    np.testing.assert_array_equal(found.astype("float32"), wanted.astype(found.dtype).astype("float32"))


def test_products_are_added_in_float32():
    """One at a time, ones would stop at 256: there bfloat16 counts by twos."""
    ones = np.ones((2, 1000), BFLOAT16)
    m = Variable(tensor_type("bfloat16", (None, None)))
    assert (evaluate(m @ m.T, [ones]) == 1000).all() and evaluate(functions.sum(m), [ones]) == 2000


def test_a_nan_is_the_largest_and_smallest():
    x = np.array([1, np.nan, 3, np.nan], BFLOAT16)
    v = vector()
    found = evaluate([functions.max(v), functions.argmax(v), functions.argmin(v), functions.nanmax(v)], {v: x})
    assert np.isnan(found[0]) and [int(a) for a in found[1:]] == [1, 1, 3]


def test_constants_and_text():
    x = vector()
    graph = Graph([x], [x * 0.1 + np.array([1.5, 2], BFLOAT16)], name="f")
    assert str(verify(graph)) == (
        "graph f(x: bfloat16[?]):\n"
        "    %0: bfloat16[?] = multiply(x, 0.10009765625)\n"
        "    %1: bfloat16[2] = add(%0, [1.5, 2])\n"
        "    return %1"
    )
    assert "0.1" in latex(functions.multiply(x, 0.1))
    again = pickle.loads(pickle.dumps(graph))
    assert str(again) == str(graph)
    np.testing.assert_array_equal(*[bits(evaluate(g, [np.ones(2)])[0]) for g in (graph, again)])


def test_values_that_fit():
    x = vector()
    for given in ([1, 2.5], np.float32([1, 2.5]), np.float16([1, 2.5]), np.array([1, 2.5], BFLOAT16)):
        np.testing.assert_array_equal(bits(evaluate(x, [given])), bits([1, 2.5]))
    with pytest.raises(DtypeError, match=r"complex64 .* does not fit bfloat16"):
        evaluate(x, [np.complex64([1])])
    with pytest.raises(DtypeError, match=r"bfloat16 .* does not fit int32"):
        evaluate(vector("int32"), [np.ones(2, BFLOAT16)])

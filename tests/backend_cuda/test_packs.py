"""Kernels that take several elements at a time: where arrays lie as that needs, and where they do not."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_backend_cuda import compile
from bitale_graph import Graph, Variable, evaluate, tensor_type
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.emulated import EmulatedDriver
from tests.support.cuda.run import compiles_everywhere

pytestmark = needs_compiler


def variable(name: str, dtype: str, axes: int) -> Variable:
    return Variable(tensor_type(dtype, (None,) * axes), name=name)


X, Y, B = variable("x", "float32", 2), variable("y", "float32", 2), variable("b", "float32", 1)
HALF, MASK = variable("half", "float16", 2), variable("mask", "bool", 2)
GROUPS = {
    "flat": [F.tanh(X) * 2 + Y, HALF + 1],
    "rows": [X[1:] - X[:-1] * Y[1:] + B, F.concatenate([X, Y], axis=0)],
    "totals": [F.sum(X * Y), F.max(HALF)],
    "others": [F.where(MASK, X[:, ::-1], B) - F.arange(X.shape[1], dtype="float32")],
}


@pytest.fixture(scope="module", params=list(GROUPS))
def function(request):
    function = compile(graph(request.param), driver=EmulatedDriver(), name=request.param)
    compiles_everywhere(function)
    return function


def graph(group: str) -> Graph:
    return Graph([X, Y, B, HALF, MASK], GROUPS[group])


def arrays(rows: int, columns: int) -> list[np.ndarray]:
    random = np.random.default_rng(rows)
    x, y, half = random.normal(size=(3, rows, columns))
    b, mask = random.normal(size=columns), random.random((rows, columns)) < 0.5
    return [x.astype("float32"), y.astype("float32"), b.astype("float32"), half.astype("float16"), mask]


def check(function, values) -> set[str]:
    """Compare with the reference; the kernels that were launched."""
    driver, seen = function.driver, set()
    launch = driver.launch
    driver.launch = lambda kernel, *rest: (seen.add(kernel.name), launch(kernel, *rest))
    try:
        on_device = [v if hasattr(v, "address") else driver.to_device(v) for v in values]
        found = [driver.to_host(r) for r in function(*on_device)]
    finally:
        driver.launch = launch
    on_host = [v.on_host() if hasattr(v, "on_host") else v for v in values]
    wanted = evaluate(graph(function.emitted.program.name), on_host)
    for got, want in zip(found, wanted, strict=True):
        assert got.dtype == want.dtype and got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-5)
    return seen


@pytest.mark.parametrize("size", [8, 64, 1, 7, 49])
def test_dense_arrays(function, size):
    seen = check(function, arrays(size, size))
    taken = {name for name in seen if name.endswith("_packs")}
    left = {name for name in seen if f"{name}_packs" in function.kernels}
    if function.emitted.program.name == "totals" and size * size < 2048:
        assert not left and not taken  # one block does it all
    elif size % 8 == 0 or function.emitted.program.name in ("flat", "totals"):
        assert taken and not left
    else:
        assert left and not taken


def test_arrays_that_lie_otherwise(function):
    wide = [function.driver.to_device(a) for a in arrays(128, 128)]

    def seen(rows: slice, columns: slice) -> list:
        return [a.seen(lambda v: v[rows, columns] if v.ndim == 2 else v[columns]) for a in wide]

    taken = check(function, seen(slice(64), slice(64)))
    assert any(name.endswith("_packs") for name in taken) == (function.emitted.program.name in ("rows", "others"))
    for rows, columns in [(slice(1, 57), slice(1, 57)), (slice(None, None, 2),) * 2]:
        assert not any(name.endswith("_packs") for name in check(function, seen(rows, columns)))
    check(function, [a.seen(np.transpose) for a in wide])

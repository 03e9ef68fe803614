"""How many sectors of memory kernels take, beside those that they need."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_backend_cuda import compile
from bitale_graph import Graph, Variable, evaluate, tensor_type
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.run import compiles_everywhere
from tests.support.cuda.traffic import CountingDriver, Traffic

pytestmark = needs_compiler
Expression = Callable[..., Variable]

CASES: dict[str, tuple[Expression, list[tuple[int, ...]], float]] = {
    # an expression, the shapes of its arguments, and how often their sectors and those of the result may be taken
    "elementwise": (lambda x, y: x * y + 1, [(96, 80), (96, 80)], 1.0),
    "rows": (lambda x, b: x + b, [(200, 80), (80,)], 1.5),
    "transposed": (lambda x: x.T * 2, [(70, 90)], 1.25),
    "one transposed": (lambda x, y: x + y.T, [(96, 64), (64, 96)], 1.0),
    "total of one transposed": (lambda x, y: F.sum(x * y.T), [(96, 64), (64, 96)], 1.01),
    "heads": (lambda x: F.transpose(x, (0, 2, 3, 1)) + 1, [(2, 40, 2, 32)], 1.0),
    "columns": (lambda x: F.sum(x, axis=0), [(500, 64)], 1.01),
    "rows of matrices": (lambda x: F.sum(x, axis=(0, 2)), [(9, 5, 64)], 1.05),
    "matrices times vectors": (lambda x, y: F.einsum("bij,bj->bi", x, y), [(8, 40, 200), (8, 200)], 2.0),
    "vectors times matrices": (lambda x, y: F.einsum("bi,bij->bj", x, y), [(8, 100), (8, 100, 64)], 1.25),
    "running totals of columns": (lambda x: F.cumsum(x, axis=0), [(100, 256)], 1.25),
}


def measured(expression: Expression, shapes: list[tuple[int, ...]], dtype: str = "float32") -> Traffic:
    """The traffic of the launches that compute an expression, once its result is right."""
    random = np.random.default_rng(1)
    variables = [Variable(tensor_type(dtype, (None,) * len(shape)), name=f"x{k}") for k, shape in enumerate(shapes)]
    arrays = [random.normal(size=shape).astype(dtype) for shape in shapes]
    graph = Graph(variables, [expression(*variables)])
    driver = CountingDriver()
    function = compile(graph, driver=driver)
    compiles_everywhere(function)
    np.testing.assert_allclose(function(*arrays)[0], evaluate(graph, arrays)[0], rtol=1e-4, atol=1e-4)
    return max(driver.traffic.values(), key=lambda traffic: traffic.sectors)


@pytest.mark.parametrize("name", list(CASES))
def test_sectors(name):
    expression, shapes, most = CASES[name]
    traffic = measured(expression, shapes)
    assert 1 <= traffic.sectors / traffic.of_launch <= most


def test_what_the_counter_sees():
    """Every other element: half of each sector is for nobody; and lanes beside one another share them."""
    traffic = measured(lambda x: F.sum(x[:, ::2], axis=0), [(600, 128)])
    assert 1.9 < traffic.sectors / traffic.ideal <= 2
    assert traffic.of_launch <= traffic.of_blocks <= traffic.sectors


def test_lines_that_are_not_whole_tiles():
    for shape in [(33, 31), (17, 16), (100, 7), (1, 40), (0, 20)]:
        measured(lambda x: x.T + 1, [shape])


@pytest.mark.parametrize("dtype", ["float16", "float64", "complex128", "int8"])
def test_tiles_of_every_size(dtype):
    traffic = measured(lambda x: F.transpose(x) + 1, [(64, 64)], dtype)
    assert traffic.sectors == traffic.of_launch


def test_operands_that_turn_out_to_lie_otherwise():
    """Strides decide at run time what goes through a tile."""
    x, y = (Variable(tensor_type("float32", (None, None)), name=name) for name in "xy")
    driver = CountingDriver()
    function = compile(Graph([x, y], [x * y.T]), driver=driver)
    a, b = np.random.default_rng(2).normal(size=(2, 64, 64)).astype("float32")
    for first, second in [(False, False), (True, False), (False, True), (True, True)]:
        driver.traffic.clear()
        on_device = [driver.to_device(value) for value in (a, b)]
        given = [d.seen(np.transpose) if swapped else d for d, swapped in zip(on_device, (first, second))]
        wanted = (a.T if first else a) * (b if second else b.T)
        np.testing.assert_array_equal(driver.to_host(function(*given)[0]), wanted)
        [traffic] = driver.traffic.values()
        assert traffic.sectors == traffic.of_launch

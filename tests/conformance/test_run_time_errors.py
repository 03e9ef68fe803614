"""What only shows when a compiled function runs: the error's class, and a text that names variables and lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_backend_c import compile
from bitale_backend_c.shim import Form
from bitale_graph import Graph, Variable, tensor_type
from bitale_graph.errors import ArgumentError, IndexingError, ShapeError
from bitale_graph.functions.control import ifelse
from bitale_graph.ops.control import Check
from bitale_graph.variable import Apply

Build = Callable[..., Any]
FIVE, THREE, SQUARE = np.arange(5.0), np.arange(3.0), np.ones((3, 3))
MINUS = np.array(-2)


def checked(x: Variable) -> Variable:
    return Apply(Check("all must be {positive}"), (x, F.all(x > 0))).outputs[0]


def add_product(base: Variable, left: Variable, right: Variable) -> Variable:
    return base - 0.5 * (left @ right)


CASES: dict[str, tuple[Build, Sequence[np.ndarray], type[Exception], str]] = {
    "lengths differ": (lambda x, y: x + y, [FIVE, THREE], ShapeError, "add: axis 0 has length 5 .* and 3"),
    "an unknown 1 does not stretch": (lambda x, y: x * y, [FIVE, FIVE[:1]], ShapeError, "length 5 .* and 1"),
    "product": (lambda x, y: F.dot(x[None], y), [FIVE, THREE], ShapeError, "length 5 .* and 3"),
    "rows of a product": (add_product, [SQUARE[:2], SQUARE, SQUARE], ShapeError, "add: axis 0 .* length 2 .* and 3"),
    "columns of a product": (add_product, [SQUARE[:, :2], SQUARE, SQUARE], ShapeError, "add: axis 1 .* 2 .* and 3"),
    "misfits multiplied and added": (add_product, [SQUARE, SQUARE[:, :2], SQUARE], ShapeError, "`b` .* length 2 .* 3"),
    "lengths of a reduction": (lambda x, y: F.sum(x[:, None], axis=1) + y, [FIVE, THREE], ShapeError, "5 .* and 3"),
    "concatenate": (lambda x, y: F.stack([x, y]), [FIVE, THREE], ShapeError, "length 5 .* and 3"),
    "slice of a stack": (lambda x, y: F.stack([x, y])[1], [FIVE, THREE], ShapeError, "length 5 .* and 3"),
    "joined to nothing": (
        lambda x, y: F.concatenate([F.zeros((0, y.shape[0])), x[None]]), [FIVE, THREE], ShapeError, "length 3 .* and 5",
    ),
    "stated length": (lambda x, y: F.specify_shape(x, (3,)) * y, [FIVE, FIVE], ShapeError, "length 5 .* and 3"),
    "stretched to a third": (
        lambda x, y, z: F.broadcast_to(x, y.shape) * z, [FIVE, THREE, FIVE], ShapeError, "length 5 .* and 3",
    ),
    "reshape": (lambda x: F.reshape(x, (2, 2)), [FIVE], ShapeError, "5 elements do not fill a shape of 4"),
    "squeeze": (lambda x: F.squeeze(x, 0), [FIVE], ShapeError, "axis 0 has length 5, and only axes of length 1"),
    "negative length": (lambda n: F.zeros((n,)), [MINUS], ShapeError, "broadcast: a length is -2, and none can be neg"),
    "negative side": (lambda n: F.eye(n), [MINUS], ShapeError, "iota: a length is -2"),
    "negative sides": (lambda x, n: F.reshape(x, (n, n)), [FIVE[:4], MINUS], ShapeError, "reshape: a length is -2"),
    "negative padding": (lambda x, n: F.pad(x, ((n, 0),)), [FIVE, MINUS], ShapeError, "pad: a length is -2"),
    "negative repetition": (lambda x, n: F.repeat(x, n), [FIVE, MINUS], ShapeError, "a length is -2"),
    "negative computed length": (lambda n: F.ones((F.min(n),)), [np.arange(-2, 3)], ShapeError, "a length is -2"),
    "found length": (lambda x, y: x[x > 1] + y, [FIVE, FIVE], ShapeError, "length 3 .* and 5"),
    "length by value": (lambda n, y: F.arange(n) + y, [np.array(4), THREE], ShapeError, "length 4 .* and 3"),
    "computed length": (lambda n, y: F.arange(F.max(n)) + y, [np.arange(6), THREE], ShapeError, "length 5 .* and 3"),
    "index too large": (lambda x, i: x[i], [FIVE, np.array([0, 5])], IndexingError, "index 5 .* axis 0 of length 5"),
    "index too small": (lambda x, i: x[i], [FIVE, np.array([-6])], IndexingError, "index -6 .* length 5"),
    "index of a write": (lambda x, i: F.set_subtensor(x[i], 0.0), [FIVE, np.array([7])], IndexingError, "index 7"),
    "index into nothing": (lambda x, i: x[i], [FIVE[:0], np.array([0])], IndexingError, "index 0 .* length 0"),
    "scalar index": (lambda x, i: x[i], [FIVE, np.array(9)], IndexingError, "index 9 .* axis 0 of length 5"),
    "negative scalar index": (lambda x, i: x[i], [FIVE, np.array(-6)], IndexingError, "index -6 .* length 5"),
    "known index": (lambda x: x[5], [FIVE], IndexingError, "index 5 .* axis 0 of length 5"),
    "mask of another length": (lambda x, m: x[m], [FIVE, THREE > 0], IndexingError, "mask has length 3.* array 5"),
    "known mask": (lambda x: x[[True, False]], [FIVE], IndexingError, "mask has length 2.* array 5"),
    "empty max": (lambda x: F.max(x), [FIVE[:0]], ArgumentError, "axis 0 is empty"),
    "empty argmin": (lambda x: F.argmin(x), [FIVE[:0]], ArgumentError, "axis 0 is empty"),
    "negative power": (lambda n, k: n**k, [np.arange(3), np.array([1, -2, 0])], ArgumentError, "negative .* -2"),
    "sum of a negative length": (lambda n: F.sum(F.zeros((n,))), [MINUS], ShapeError, "a length is -2"),
    "mean of a negative length": (lambda n: F.mean(F.full((n, 3), 2.0)), [MINUS], ShapeError, "a length is -2"),
    "sum of a reshape": (lambda x, n: F.sum(F.reshape(x, (n, 2))), [FIVE, np.array(2)], ShapeError, "do not fill"),
    "sum of copies": (lambda x, n: F.sum(F.tile(x, n)), [FIVE, MINUS], ShapeError, "a length is -2"),
    "misfits to the power of 0": (lambda x, y: F.power(x + y, 0), [FIVE, THREE], ShapeError, "length 5 .* and 3"),
    "misfits times 0": (lambda x, y: (x > y) & False, [FIVE, THREE], ShapeError, "length 5 .* and 3"),
    "no misfit is equal": (lambda x, y: F.all((x > y) | True), [FIVE, THREE], ShapeError, "length 5 .* and 3"),
    "position in misfits": (lambda x, y: F.argmax(x + y) * 0, [FIVE, THREE], ShapeError, "length 5 .* and 3"),
    "check": (checked, [FIVE], ArgumentError, re.escape("all must be {positive}")),
}
SILENT = ("check",)  # a message of the user's own names no variable


@pytest.mark.parametrize("case", CASES)
def test_error(case):
    build, arrays, error, text = CASES[case]
    inputs = [Variable(tensor_type(a.dtype, (None,) * a.ndim), name=f"given_{k}") for k, a in enumerate(arrays)]
    function = compile(Graph(inputs, [build(*inputs)]))
    with pytest.raises(error, match=f"(?s){text}") as caught:
        function(*arrays)
    if case not in SILENT:
        assert re.search(r"given_\d|test_run_time_errors\.py:\d+", str(caught.value))
        assert "test_run_time_errors.py:" in str(caught.value)


def test_what_only_a_branch_not_taken_needs_may_be_wrong():
    n, x, y = tensor_type("int64")("n"), tensor_type("float64", (None,))("x"), tensor_type("float64", (None,))("y")
    results = [ifelse(n > 0, F.sum(x + y), F.sum(x)), ifelse(n > 0, F.sum(F.zeros((n,))), F.cast(5.0, "float64"))]
    function = compile(Graph([n, x, y], results))
    assert [float(v) for v in function(np.array(-1), FIVE, THREE)] == [10.0, 5.0]
    with pytest.raises(ShapeError):
        function(np.array(1), FIVE, THREE)


def test_a_function_that_failed_goes_on_working():
    x, y = (Variable(tensor_type("float64", (None,)), name=name) for name in "xy")
    function = compile(Graph([x, y], [x + y, F.sum(x)]))
    with pytest.raises(ShapeError):
        function(FIVE, THREE)
    np.testing.assert_array_equal(function(THREE, THREE)[0], THREE + THREE)


def test_a_product_written_into_shared_memory_must_fit_it():
    """Were it not checked, the product would run over the end of the array."""
    s, x = (Variable(tensor_type("float64", (None, None)), name=name) for name in "sx")
    cell = [np.zeros((3, 3))]
    step = compile(Graph([x, s], [s - 0.1 * (x.T @ x)]), cells=[cell], updates={0: 0}, form=Form.NOTHING)
    step(np.ones((2, 3)))
    with pytest.raises(ShapeError, match=r"(?s)add: axis 0 has length 3 .* and 50 in another.* s: float64"):
        step(np.ones((2, 50)))
    kept = cell[0] if isinstance(cell[0], np.ndarray) else cell[0].on_host()
    np.testing.assert_allclose(kept, -0.2)


def test_a_product_of_one_row_stretches_over_what_it_is_added_to():
    shapes = {"s": (None, None), "x": (1, None), "w": (None, None)}
    s, x, w = (Variable(tensor_type("float64", shape), name=name) for name, shape in shapes.items())
    function = compile(Graph([s, x, w], [s + x @ w]))
    np.testing.assert_array_equal(function(np.ones((4, 2)), np.ones((1, 3)), np.ones((3, 2)))[0], np.full((4, 2), 4.0))

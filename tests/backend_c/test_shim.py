"""Calls of generated functions, through the compiled module and through cffi."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_backend_c import fallback, shim
from bitale_backend_c.shim import Form, Kind
from tests.backend_c.handwritten import (
    FLOAT64,
    MATRIX,
    NUMBER,
    STRIDED,
    VECTOR,
    function,
    returned,
)


@pytest.fixture(params=["shim", "cffi"])
def module(request):
    return shim.load() if request.param == "shim" else fallback


def refuse(number, value):
    raise AssertionError(f"input {number} was converted")


# ---- arguments ----


@pytest.mark.parametrize(
    ("entry", "dtype", "value"),
    [
        ("add_one", "float64", 2.5),
        ("add_one", "float64", 2),
        ("add_one", "float64", np.float64(2.5)),
        ("add_one", "float64", np.array(2.5)),
        ("add_one_float32", "float32", 0.1),
        ("add_one_float32", "float32", np.float32(0.1)),
        ("add_one_int64", "int64", -3),
        ("add_one_int64", "int64", np.int64(2**62)),
        ("add_one_int64", "int64", np.array(5)),
    ],
)
def test_numbers_need_no_conversion(entry, dtype, value):
    call = function(shim.load(), entry, [(np.dtype(dtype).num, 0, True, None)], [returned(0, dtype)], convert=refuse)
    result = call(value)
    assert result.dtype == dtype and result.shape == ()
    np.testing.assert_array_equal(result, np.asarray(value, dtype) + np.asarray(1, dtype))


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("float64", 2**53 + 1),
        ("float64", 10**400),
        ("float64", True),
        ("float64", np.float32(2)),
        ("float64", np.array([1.0])),
        ("float64", None),
        ("float32", 1e39),
        ("float32", 3),
        ("int64", 2**63),
        ("int64", 2.0),
        ("int64", np.int32(2)),
        ("int8", 2),
    ],
)
def test_other_objects_go_to_convert(module, dtype, value):
    seen = []

    def record(number, given):
        seen.append((number, given))
        return np.array(41, dtype)

    entry = "add_one" + f"_{dtype}" * (dtype != "float64")
    call = function(module, entry, [(np.dtype(dtype).num, 0, True, None)], [returned(0, dtype)], convert=record)
    assert call(value) == 42
    assert len(seen) == 1 and seen[0][0] == 0 and seen[0][1] is value


LAYOUTS = {
    "row-major": lambda a: a,
    "negative stride": lambda a: a[::-1],
    "step": lambda a: np.repeat(a, 3)[::3],
    "broadcast": lambda a: np.broadcast_to(a[:1], a.shape),
    "empty": lambda a: a[:0],
    "read-only": lambda a: np.frombuffer(a.tobytes()),
    "byte-swapped": lambda a: a.astype(">f8"),
    "float32": lambda a: a.astype("float32"),
    "int16": lambda a: a.astype("int16"),
    "misaligned": lambda a: np.frombuffer(b"x" + a.tobytes(), "uint8")[1:].view("float64"),
    "odd stride": lambda a: np.array([(v, 0) for v in a], np.dtype([("v", "f8"), ("pad", "i4")], align=False))["v"],
    "subclass": lambda a: a.view(np.matrix).A1.view(type("Sub", (np.ndarray,), {})),
    "masked": lambda a: np.ma.masked_array(a, [False] * len(a)),
    "list": lambda a: a.tolist(),
    "object": lambda a: a.astype(object),
    "array interface": lambda a: memoryview(a),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("specification", [VECTOR, STRIDED], ids=["contiguous", "strided"])
@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_layouts(module, layout, specification):
    value = LAYOUTS[layout](np.array([1.0, 2.0, -3.0]))
    call = function(module, "add_one_vector", [specification], [returned(1)])
    result = call(value)
    assert type(result) is np.ndarray and result.dtype == "float64"
    np.testing.assert_array_equal(result, np.asarray(value, "float64") + 1)


def test_memory_maps(module, tmp_path):
    values = np.memmap(tmp_path / "values", "float64", "w+", shape=5)
    values[:] = range(5)
    np.testing.assert_array_equal(function(module, "add_one_vector", [VECTOR], [returned(1)])(values), np.arange(5) + 1)


def test_arrays_of_the_right_type_are_copied_without_python():
    call = function(shim.load(), "add_one_vector", [VECTOR], [returned(1)], convert=refuse)
    values = np.arange(12.0)
    unaligned = np.zeros(8 * 4 + 1, "uint8")[1:].view("float64")
    for value in (values[::3], values[::-1], values[:0:-2], unaligned, np.broadcast_to(2.0, 3)):
        np.testing.assert_array_equal(call(value), value + 1)


@pytest.mark.parametrize("transform", [lambda a: a, lambda a: a.T, lambda a: a[::-1, ::2], lambda a: a[:0]])
def test_strides_of_matrices(module, transform):
    value = transform(np.arange(12.0).reshape(3, 4))
    call = function(module, "copy_matrix", [MATRIX], [returned(2)], convert=refuse)
    np.testing.assert_array_equal(call(value), value)


def test_the_same_layout_under_two_type_numbers():
    value = np.array(4, np.longlong)
    assert value.dtype.num != np.dtype("int64").num
    entry = [(np.dtype("int64").num, 0, True, None)]
    assert function(shim.load(), "add_one_int64", entry, [returned(0, "int64")], convert=refuse)(value) == 5


def test_a_static_length_is_checked(module):
    call = function(module, "add_one_vector", [(FLOAT64, 1, True, (3,))], [returned(1)], convert=refuse)
    assert call(np.zeros(3)).shape == (3,)
    with pytest.raises(AssertionError, match="input 0 was converted"):
        call(np.zeros(4))


@pytest.mark.parametrize("value", [None, "text"])
def test_errors_of_convert_reach_the_caller(module, value):
    with pytest.raises(TypeError, match="input 0 is no array"):
        function(module, "add_one_vector", [VECTOR], [returned(1)])(value)


def test_convert_must_give_what_fits(module):
    call = function(module, "add_one_vector", [VECTOR], [returned(1)], convert=lambda number, value: np.zeros((2, 2)))
    with pytest.raises(SystemError, match="convert gave no array that fits input 0 of add_one_vector"):
        call([1])


def test_more_inputs_than_the_frame_holds(module):
    arrays = [np.full(2, float(k)) for k in range(300)]
    call = function(module, "add_one_vector", [VECTOR] * 300, [returned(1)])
    np.testing.assert_array_equal(call(*arrays), [1, 1])
    with pytest.raises(TypeError, match="input 299 is no array"):
        call(*arrays[:-1], None)


def test_a_rank_beyond_reason(module):
    with pytest.raises(SystemError, match="convert gave no array that fits input 0"):
        function(module, "add_one_vector", [VECTOR], [returned(1)])(np.zeros((1,) * 40))


def test_convert_may_call_the_function(module):
    call = function(
        module,
        "add_one_vector",
        [VECTOR],
        [returned(1)],
        convert=lambda number, value: call(np.array(value, "float64")),
    )
    np.testing.assert_array_equal(call([1, 2]), [3, 4])


def test_counts_and_keywords(module):
    call = function(module, "add_one_vector", [VECTOR], [returned(1)])
    np.testing.assert_array_equal(call(x=np.zeros(2)), [1, 1])
    for arguments, keywords in [((), {}), ((1, 2), {}), ((1,), {"y": 2})]:
        with pytest.raises(TypeError, match=f"{len(arguments)} arguments and"):
            call(*arguments, **keywords)


# ---- results ----


def test_forms(module):
    arguments = {
        "constants": (np.array(3.0),),
        "inputs": [VECTOR, NUMBER],
        "outputs": [returned(1), returned(1)],
    }
    x = np.arange(3.0)
    for form, kind in [(Form.LIST, list), (Form.TUPLE, tuple)]:
        result = function(module, "two", form=form, **arguments)(x)
        assert type(result) is kind
        np.testing.assert_array_equal(result, [x + 3, x * 3])
    assert function(module, "two", form=Form.NOTHING, **arguments)(x) is None


def test_sizes_that_depend_on_the_data(module):
    call = function(module, "positive", [VECTOR], [returned(1)])
    for value in ([1.0, -1.0, 2.0], [-1.0], []):
        np.testing.assert_array_equal(call(np.array(value)), [v for v in value if v > 0])


@pytest.mark.parametrize("n", [0, 1, 8191, 8192, 8193, 10**6])
def test_sizes_around_the_pool(module, n):
    x = np.arange(n, dtype="float64")
    for heavy in (False, True):
        result = function(module, "add_one_vector", [VECTOR], [returned(1)], heavy=heavy)(x)
        np.testing.assert_array_equal(result, x + 1)
        assert result.flags.c_contiguous and result.flags.writeable and result.flags.aligned


@pytest.mark.parametrize("entry", ["too_large", "greedy"])
def test_no_memory(module, entry):
    call = function(module, entry, [], [returned(2)])
    with pytest.raises(MemoryError, match=f"{entry} ran out of memory|allocate"):
        call()


def test_scratch_memory(module):
    assert function(module, "scratch_twice", [], [returned(0)])() == 3


# ---- shared variables ----


@pytest.mark.parametrize("n", [3, 2000, 50000])
def test_an_update_replaces_the_array(module, n):
    old = np.ones(n)
    cell = [old]
    outputs = [returned(1), (FLOAT64, 1, Kind.UPDATE, 0)]
    call = function(module, "step", [VECTOR] * 3, outputs, cells=(cell,))
    x, y = np.arange(float(n)), np.full(n, 2.0)
    for repeat in (1, 2):
        np.testing.assert_array_equal(call(x, y), x + y)
        np.testing.assert_array_equal(cell[0], 1 - repeat * (x + y))
    np.testing.assert_array_equal(old, np.ones(n))


def test_a_donated_array_is_written_in_place(module):
    w = np.ones(3)
    cell = [w]
    call = function(module, "descend", [VECTOR] * 2, [(FLOAT64, 1, Kind.DONATED, 0)], cells=(cell,), form=Form.NOTHING)
    assert call(np.arange(3.0)) is None
    assert cell[0] is w
    np.testing.assert_array_equal(w, [-1, 0, 1])


@pytest.mark.parametrize("view", [lambda w: w, lambda w: w[1:5], lambda w: w[::-1], lambda w: w[::2]])
def test_an_argument_over_donated_memory_is_copied(module, view):
    w = np.arange(8.0)
    x = view(w)[:4] if view(w).size < 8 else view(w)
    cell = [w[: x.size]]
    expected = cell[0] - x[::-1]
    call = function(
        module, "descend", [STRIDED, VECTOR], [(FLOAT64, 1, Kind.DONATED, 0)], cells=(cell,), form=Form.NOTHING
    )
    call(np.ascontiguousarray(x) if not x.flags.c_contiguous else x)
    np.testing.assert_array_equal(cell[0], expected)


def test_a_read_only_donated_array_is_copied_first(module):
    w = np.ones(3)
    w.flags.writeable = False
    cell = [w]
    call = function(module, "descend", [VECTOR] * 2, [(FLOAT64, 1, Kind.DONATED, 0)], cells=(cell,), form=Form.NOTHING)
    call(np.arange(3.0))
    np.testing.assert_array_equal(w, np.ones(3))
    np.testing.assert_array_equal(cell[0], [-1, 0, 1])


def test_a_strided_donated_array_becomes_row_major(module):
    cell = [np.ones(6)[::2]]
    call = function(module, "descend", [VECTOR] * 2, [(FLOAT64, 1, Kind.DONATED, 0)], cells=(cell,), form=Form.NOTHING)
    call(np.arange(3.0))
    np.testing.assert_array_equal(cell[0], [-1, 0, 1])
    assert cell[0].flags.c_contiguous


def test_a_failed_check_changes_nothing(module):
    w = np.ones(3)
    cell = [w]
    call = function(module, "checked", [VECTOR] * 2, [(FLOAT64, 1, Kind.UPDATE, 0)], cells=(cell,), form=Form.NOTHING)
    with pytest.raises(ValueError, match=r"failure 7: \(5, 3"):
        call(np.zeros(5))
    assert cell[0] is w
    call(np.zeros(3))
    np.testing.assert_array_equal(cell[0], np.zeros(3))


def test_an_empty_cell():
    call = function(shim.load(), "checked", [VECTOR] * 2, [(FLOAT64, 1, Kind.RETURN, 0)], cells=([],))
    with pytest.raises(ValueError, match="the cell of shared variable 0 of checked must hold one array"):
        call(np.zeros(3))


# ---- wrong specifications ----


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"form": 9}, "form is"),
        ({"cells": ([], [])}, "fewer inputs"),
        ({"cells": ("no list",)}, "a cell is a list"),
        ({"constants": (np.zeros((2, 2)),)}, "constant 0 does not fit"),
        ({"outputs": [(FLOAT64, 1, Kind.UPDATE, 3)]}, "an output is returned"),
        ({"inputs": [(FLOAT64, 1, True, (1, 2))]}, "the shape of an input"),
        ({"inputs": [(FLOAT64, 1)]}, "takes exactly 4 arguments|must be sequence of length 4|4 arguments"),
    ],
)
def test_specifications_are_checked(changes, message):
    options = {"inputs": [VECTOR], "outputs": [returned(1)], **changes}
    with pytest.raises((TypeError, ValueError), match=message):
        function(shim.load(), "add_one_vector", **options)

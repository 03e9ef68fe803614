"""Calls of generated functions through cffi, for interpreters without Python.h: as the shim, but slower."""

from __future__ import annotations

import contextlib
import functools
import itertools
import threading
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any

import numpy as np

from bitale_graph.dtypes import DTYPES

Array = np.ndarray[Any, Any]
InputSpecification = tuple[int, int, bool, tuple[int | None, ...] | None]
OutputSpecification = tuple[int, int, int, int]

INTERFACE = """
typedef struct { void *data; const int64_t *shape; const int64_t *strides; } bitale_array;
typedef struct { void *routines[64]; } bitale_blas;
typedef struct bitale_call bitale_call;
struct bitale_call {
    const bitale_array *inputs;
    void *(*allocate)(bitale_call *, int32_t, const int64_t *);
    void *(*workspace)(bitale_call *, int64_t);
    const bitale_blas *blas;
    int32_t threads;
    int64_t failure[4];
    int32_t (*interrupted)(bitale_call *);
};
typedef int32_t (*bitale_function)(bitale_call *);
"""
INTERRUPTED = -4


class Kind(IntEnum):
    """What becomes of a result: the caller gets it, a cell gets it, or it was written into a cell's array."""

    RETURN = 0
    UPDATE = 1
    DONATED = 2


class Form(IntEnum):
    """What a call gives: the one result itself, or all of them in a list or a tuple, or None."""

    SINGLE = 0
    LIST = 1
    TUPLE = 2
    NOTHING = 3


class State:
    """One call in progress: the results and the scratch memory that the generated function asked for."""

    def __init__(self, outputs: Sequence[OutputSpecification]) -> None:
        self.outputs = outputs
        self.results: list[Array | None] = [None] * len(outputs)
        self.scratch: list[Any] = []


_stateful = threading.RLock()  # calls that read or change cells run one after the other
_running: dict[int, State] = {}
_thread_limit = 2**31 - 1


@functools.cache
def foreign() -> Any:
    """The cffi interface, and the callbacks that all calls share."""
    import cffi  # starting it takes 40 ms, which only this module needs

    ffi = cffi.FFI()
    ffi.cdef(INTERFACE)

    @ffi.callback("void *(bitale_call *, int32_t, const int64_t *)", error=ffi.NULL)
    def allocate(call: Any, number: int, shape: Any) -> Any:
        state = _running[int(ffi.cast("intptr_t", call))]
        type_number, ndim, _, _ = state.outputs[number]
        try:
            array: Array = np.empty(tuple(shape[0:ndim]) if ndim else (), dtype_of(type_number))
        except (MemoryError, ValueError):
            return ffi.NULL
        state.results[number] = array
        return ffi.cast("void *", array.ctypes.data)

    @ffi.callback("void *(bitale_call *, int64_t)", error=ffi.NULL)
    def workspace(call: Any, size: int) -> Any:
        try:
            memory = np.empty(size + 64, np.uint8)
        except (MemoryError, ValueError):
            return ffi.NULL
        _running[int(ffi.cast("intptr_t", call))].scratch.append(memory)
        return ffi.cast("void *", (memory.ctypes.data + 63) & ~63)

    @ffi.callback("int32_t (bitale_call *)", error=1, onerror=lambda *error: None)
    def interrupted(call: Any) -> int:
        return 0  # Ctrl-C raises an error here, as in any Python code

    return ffi, allocate, workspace, interrupted


@functools.cache
def dtype_of(type_number: int) -> np.dtype[Any]:
    """The dtype of a NumPy type number."""
    return next(dtype for dtype in map(np.dtype, DTYPES) if dtype.num == type_number)


def fits(array: object, specification: InputSpecification) -> bool:
    """Whether a generated function can read an object as it is."""
    type_number, ndim, contiguous, shape = specification
    if type(array) is not np.ndarray or array.ndim != ndim or array.dtype != dtype_of(type_number):
        return False
    if not (array.flags.aligned and array.dtype.isnative) or (contiguous and not array.flags.c_contiguous):
        return False
    if shape and any(want is not None and want != length for want, length in zip(shape, array.shape)):
        return False
    return array.flags.c_contiguous or not any(stride % array.itemsize for stride in array.strides)


class Function:
    """A generated function that takes and returns NumPy arrays. The shim has the same class, in C.

    address: of the C function. blas: address of a bitale_blas, or 0.
    inputs: (type number, ndim, must be row-major, length or None per axis or None) of each argument, then of each
    cell, then of each constant. cells: lists that hold the one array of a shared variable.
    outputs: (type number, ndim, Kind, number of the cell or -1).
    convert(number, object) gives an array that fits input `number`, or raises. fail(code, v0, v1, v2, v3) raises.
    wrong_arguments(positional, keywords) gives the tuple of arguments, or raises.
    heavy: other Python threads may run during every call, not only while the inputs are large.
    Cells change only after the function has succeeded; memory written in place is shared with no other input.
    """

    def __init__(
        self,
        address: int,
        name: str,
        inputs: tuple[InputSpecification, ...],
        cells: tuple[list[Any], ...],
        constants: tuple[Array, ...],
        outputs: tuple[OutputSpecification, ...],
        form: int,
        convert: Callable[[int, Any], Array],
        fail: Callable[..., Any],
        wrong_arguments: Callable[[tuple[Any, ...], dict[str, Any]], tuple[Any, ...]],
        blas: int = 0,
        threads: int = 1,
        heavy: bool = False,
    ) -> None:
        self.address, self.name, self.blas, self.threads = address, name, blas, threads
        self.inputs, self.cells, self.constants, self.outputs = inputs, cells, constants, outputs
        self.form = Form(form)
        self.convert, self.fail, self.wrong_arguments = convert, fail, wrong_arguments
        self.arguments = len(inputs) - len(cells) - len(constants)
        self.donated = [cell for _, _, kind, cell in outputs if kind == Kind.DONATED]
        wanted = [dtype_of(number) for number, _, _, _ in self.outputs]
        if self.arguments < 0 or len(wanted) != len(outputs):
            raise ValueError("there are fewer inputs than cells and constants")
        for number, constant in enumerate(constants, self.arguments + len(cells)):
            if not fits(constant, inputs[number]):
                raise TypeError(f"constant {number - self.arguments - len(cells)} does not fit its input")

    def __repr__(self) -> str:
        return f"<compiled function {self.name}>"

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if len(arguments) != self.arguments or keywords:
            arguments = self.wrong_arguments(arguments, keywords)
        with _stateful if self.cells else contextlib.nullcontext():
            return self.call(arguments)

    def call(self, arguments: tuple[Any, ...]) -> Any:
        cells = [cell[0] for cell in self.cells]
        arrays = [self.fitting(*pair) for pair in enumerate(itertools.chain(arguments, cells))]
        arrays += self.constants
        self.separate(arrays)
        state = State(self.outputs)
        self.run(arrays, state)
        return self.answer(arrays, state)

    def fitting(self, number: int, value: Any) -> Array:
        if fits(value, self.inputs[number]):
            return value
        array = self.convert(number, value)
        if not fits(array, self.inputs[number]):
            raise SystemError(f"convert gave no array that fits input {number} of {self.name}")
        return array

    def separate(self, arrays: list[Array]) -> None:
        """Give memory that is written in place to its cell alone."""
        for cell in self.donated:
            target = self.arguments + cell
            if not arrays[target].flags.writeable:
                arrays[target] = arrays[target].copy()
            for other, array in enumerate(arrays):
                if other != target and np.may_share_memory(array, arrays[target]):
                    arrays[other] = array.copy()

    def run(self, arrays: list[Array], state: State) -> None:
        ffi, allocate, workspace, interrupted = foreign()
        sizes = [ffi.new("int64_t[]", [*array.shape, *array.strides]) for array in arrays]
        table = ffi.new("bitale_array[]", len(arrays))
        for entry, array, size in zip(table, arrays, sizes):
            entry.data = ffi.cast("void *", array.ctypes.data)
            entry.shape, entry.strides = size, size + array.ndim
        call = ffi.new("bitale_call *")
        call.inputs, call.allocate, call.workspace, call.interrupted = table, allocate, workspace, interrupted
        call.blas = ffi.cast("bitale_blas *", self.blas)
        call.threads = min(self.threads, _thread_limit)
        identity = int(ffi.cast("intptr_t", call))
        _running[identity] = state
        try:
            code = ffi.cast("bitale_function", self.address)(call)
        finally:
            del _running[identity]
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        if code < 0:
            raise MemoryError(f"{self.name} ran out of memory")
        if code > 0:
            self.fail(code, *call.failure)
            raise SystemError(f"failure {code} of {self.name} raised no error")

    def answer(self, arrays: list[Array], state: State) -> Any:
        """Update the cells, and hand over the results."""
        returned = []
        for (_, _, kind, cell), result in zip(self.outputs, state.results):
            if kind == Kind.DONATED:
                self.cells[cell][0] = arrays[self.arguments + cell]
            elif kind == Kind.UPDATE:
                self.cells[cell][0] = result
            else:
                returned.append(result)
        if self.form is Form.SINGLE:
            return returned[0]
        return {Form.LIST: list, Form.TUPLE: tuple}[self.form](returned) if self.form != Form.NOTHING else None


def clear_pool() -> None:
    """There is no pool here: NumPy owns the results."""


def snapshot(cell: list[Array]) -> Array:
    """A copy of the array in a cell, which no call changes meanwhile."""
    with _stateful:
        return cell[0].copy()


def set_pool_limit(size: int) -> None:
    """There is no pool here: NumPy owns the results."""


def pool_statistics() -> dict[str, int]:
    """The counts of the shim's pool, all zero."""
    return {"waiting_bytes": 0, "limit": 0, "fresh": 0, "reused": 0, "lent": 0}


def set_thread_limit(count: int) -> None:
    """The most threads that any call uses."""
    global _thread_limit
    _thread_limit = max(1, count)

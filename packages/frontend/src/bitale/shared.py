"""Shared variables: arrays that live between calls, read by functions and changed by their updates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from bitale import readers
from bitale.config import config
from bitale_backend_c.arguments import on_host
from bitale_backend_c.shim import snapshot
from bitale_graph.arrays import as_array
from bitale_graph.dtypes import as_dtype, can_cast, is_masked, kind
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError, explain
from bitale_graph.graph import substitute
from bitale_graph.origin import Origin, made_at
from bitale_graph.types import tensor_type
from bitale_graph.variable import Variable

Casting = Literal["no", "safe", "same_kind", "unsafe"]


class SharedVariable(Variable):
    """A variable with a value. `cell` is a list that holds the one array; functions read it at every call.

    `default_update` (None at first) is the new value that every function which reads the variable gives it, unless the
    function has an update of its own for it, or leaves it out by `no_default_updates`. `casting`, one of NumPy's words,
    says which arrays become a value by set_value; "same_kind" also lets integers in that fit.
    """

    __slots__ = ("cell", "default_update", "casting")
    default_update: Variable | None

    def __init__(
        self, value: np.ndarray, name: str | None, shape: tuple[int | None, ...], casting: Casting = "same_kind"
    ) -> None:
        super().__init__(tensor_type(value.dtype.name, shape), None, 0, name)
        self.cell: list[Any] = [value]
        self.default_update = None
        self.casting = casting

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.get_value(), self.name, self.type.shape, self.origin, self.casting), self.default_update

    def __setstate__(self, default_update: Variable) -> None:
        self.default_update = default_update  # read apart, since it is an expression of the variable itself

    def __deepcopy__(self, memo: dict[int, Any]) -> SharedVariable:
        copy = _restored(self.get_value(), self.name, self.type.shape, self.origin, self.casting)
        if self.default_update is not None:
            (copy.default_update,) = substitute([self.default_update], {self: copy})
        return copy

    def __str__(self) -> str:
        return f"`{self.name}`" if self.name else "a shared variable"

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> np.ndarray:
        """The value; with `borrow` the array itself, which later updates may change in place.

        `return_internal_type` is there for Theano's programs: values are NumPy's arrays inside, too.
        """
        if not isinstance(self.cell[0], np.ndarray):  # on a device
            return on_host(self.cell[0])
        return self.cell[0] if borrow else snapshot(self.cell)

    @property
    def device(self) -> str:
        """Where the value is: "cpu", or "cuda:0", where the last function that ran there left it."""
        value = self.cell[0]
        return "cpu" if isinstance(value, np.ndarray) else str(value.device)

    def to(self, device: str) -> SharedVariable:
        """Move the value to a device: "cpu", "cuda", "cuda:1". Returns the variable.

        It would move by itself with the first function that runs there. Raises ArgumentError for another name, and
        CudaNotAvailable where there is no such GPU.
        """
        host = on_host(self.cell[0])
        if device == "cpu":
            self.cell[0] = host
            return self
        try:
            number = readers.device(device)
        except ValueError as error:
            raise ArgumentError(f"to({device!r}): {error}, or \"cpu\"") from None
        from bitale_backend_cuda import resident

        self.cell[0] = resident(host, number)
        return self

    def set_value(self, value: Any, borrow: bool = False) -> None:
        """Replace the value. With `borrow` a fitting array is kept without copying it.

        Raises DtypeError when `value` would lose information in this dtype, ShapeError when its shape does not fit.
        """
        array = self._converted(value)
        wanted = self.type.shape
        if array.ndim != len(wanted) or any(n is not None and n != m for n, m in zip(wanted, array.shape, strict=True)):
            raise ShapeError(explain(f"cannot set a value of shape {array.shape}", [self]))
        self.cell[0] = _own(array, self.dtype, borrow)

    def zero(self, borrow: bool = False) -> None:
        """Make all numbers 0; with `borrow` in the array itself."""
        if borrow and isinstance(self.cell[0], np.ndarray):
            self.cell[0].fill(0)
        else:
            self.set_value(np.zeros_like(self.get_value(borrow=True)), borrow=True)

    def _converted(self, value: Any) -> np.ndarray:
        """`value` as an array that this dtype can hold: floats may be rounded, integers have to fit."""
        array = _array(value)
        mine = np.dtype(self.dtype)
        fits = can_cast(array.dtype, mine, self.casting)
        if self.casting == "same_kind" and array.dtype.kind in "bui" and mine.kind in "iu":
            limits = np.iinfo(mine)
            fits = array.size == 0 or (int(array.min()) >= limits.min and int(array.max()) <= limits.max)
        if not fits:
            raise DtypeError(
                explain(f"cannot set a value of dtype {array.dtype}", [self], f"Convert it: .astype({self.dtype!r}).")
            )
        return array


def shared(
    value: Any,
    name: str | None = None,
    borrow: bool = False,
    dtype: object = None,
    shape: Sequence[int | None] | None = None,
    broadcastable: Sequence[bool] | None = None,
    *,
    strict: bool = False,
    allow_downcast: bool | None = None,
) -> SharedVariable:
    """A shared variable with a first value: an array, a number, or a list of them.

    Its dtype is the value's (config.floatX for Python's floats) unless `dtype` is given. Its lengths may change later,
    except those that `shape` fixes (in Theano's programs `broadcastable` fixes lengths of 1). The value is copied; with
    `borrow` a fitting array is kept as it is.
    Later values are converted where that loses nothing but digits of floats; `strict`: only those of the very dtype are
    taken; allow_downcast=True: all are converted, False: only where that loses nothing at all.
    Raises DtypeError for what is no array of numbers, ShapeError for a value that has not the given shape.
    """
    array = _array(value)
    if dtype is None:
        dtype = config.floatX if array.dtype == np.float64 and not hasattr(value, "dtype") else array.dtype
    if shape is None:
        shape = [1 if one else None for one in broadcastable or [False] * array.ndim]
    lengths = tuple(shape)
    made = SharedVariable(np.empty((0,) * len(lengths), as_dtype(dtype)), name, lengths)
    made.set_value(array, borrow)
    if strict or allow_downcast is not None:
        made.casting = "no" if strict else "unsafe" if allow_downcast else "safe"
    return made


def _array(value: Any) -> np.ndarray:
    if isinstance(value, Variable):
        raise DtypeError(explain("a shared variable holds an array, not a symbolic variable", [value]))
    if is_masked(value):
        raise DtypeError("a shared variable holds no masked array with elements missing; fill them in: value.filled(0)")
    try:
        array = as_array(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DtypeError(f"a shared variable holds an array of numbers: {error}") from None
    if kind(array.dtype) not in "biufc":
        raise DtypeError(f"a shared variable holds an array of numbers, not {value!r} (a {type(value).__name__})")
    return array


def _own(array: np.ndarray, dtype: str, borrow: bool) -> np.ndarray:
    fitting = np.require(array, dtype, requirements=("C", "A", "W"))
    return fitting if borrow or not np.may_share_memory(fitting, array) else array.astype(dtype, order="C")


def _restored(
    value: np.ndarray, name: str | None, shape: tuple[int | None, ...], origin: Origin | None, casting: Casting
) -> SharedVariable:
    with made_at(origin):
        return SharedVariable(value, name, shape, casting)

"""The type of an array: its dtype and, per axis, its length where that is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import index
from typing import TYPE_CHECKING

from bitale_graph.dtypes import as_dtype
from bitale_graph.errors import ShapeError

if TYPE_CHECKING:
    from bitale_graph.variable import Variable

Shape = tuple["int | None", ...]


@dataclass(frozen=True, init=False)
class TensorType:
    """An n-dimensional array of one dtype; an axis of unknown length has `None` in `shape`.

    Equal arguments give the same object. Theano's programs say of each axis whether it broadcasts: True is the length
    1, False one that is not known. Called with a name, a type makes an input.
    Raises DtypeError or ShapeError when the dtype or a length is not one that an array can have.
    """

    dtype: str
    shape: Shape

    def __new__(cls, dtype: object, shape: Iterable[int | bool | None] = ()) -> TensorType:
        return tensor_type(dtype, tuple(shape))

    def __call__(self, name: str | None = None) -> Variable:
        """An input of this type."""
        from bitale_graph.variable import Variable

        return Variable(self, name=name)

    @cached_property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        """Per axis whether its length is known to be 1."""
        return tuple(n == 1 for n in self.shape)

    @property
    def is_static(self) -> bool:
        """Whether every axis has a known length."""
        return None not in self.shape

    def with_dtype(self, dtype: str) -> TensorType:
        return _intern(dtype, self.shape)

    def with_shape(self, shape: Shape) -> TensorType:
        return _intern(self.dtype, tuple(shape))

    def accepts(self, other: TensorType) -> bool:
        """Whether every array of type `other` is also of this type."""
        return (
            self.dtype == other.dtype
            and self.ndim == other.ndim
            and all(mine is None or mine == theirs for mine, theirs in zip(self.shape, other.shape, strict=True))
        )

    def __reduce__(self) -> tuple[object, ...]:
        return _intern, (self.dtype, self.shape)

    def __str__(self) -> str:
        if not self.shape:
            return self.dtype
        return f"{self.dtype}[{', '.join('?' if n is None else str(n) for n in self.shape)}]"


@lru_cache(maxsize=65536)
def _intern(dtype: str, shape: Shape) -> TensorType:
    made = object.__new__(TensorType)
    object.__setattr__(made, "dtype", dtype)
    object.__setattr__(made, "shape", shape)
    return made


def tensor_type(dtype: object, shape: Shape = ()) -> TensorType:
    """The type of arrays of `dtype` and `shape`: a TensorType."""
    try:
        lengths = tuple(None if n is None or n is False else index(n) for n in shape)
    except TypeError:
        raise ShapeError(f"a length is an integer, or None where it is not known: shape {tuple(shape)}") from None
    if any(n is not None and n < 0 for n in lengths):
        raise ShapeError(f"a length cannot be negative: shape {tuple(shape)}")
    return _intern(as_dtype(dtype), lengths)


SCALAR_SIZE = tensor_type("int64")

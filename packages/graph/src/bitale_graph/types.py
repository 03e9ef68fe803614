"""The type of an array: its dtype and, per axis, its length where that is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from bitale_graph.dtypes import as_dtype
from bitale_graph.errors import ShapeError

Shape = tuple["int | None", ...]


@dataclass(frozen=True)
class TensorType:
    """An n-dimensional array of one dtype; an axis of unknown length has `None` in `shape`."""

    dtype: str
    shape: Shape

    @cached_property
    def ndim(self) -> int:
        return len(self.shape)

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
    return TensorType(dtype, shape)


def tensor_type(dtype: object, shape: Shape = ()) -> TensorType:
    """The type of arrays of `dtype` and `shape`; equal arguments give the same object.

    Raises DtypeError or ShapeError when `dtype` or a length is not one an array can have.
    """
    lengths = tuple(None if n is None else int(n) for n in shape)
    if any(n is not None and n < 0 for n in lengths):
        raise ShapeError(f"a length cannot be negative: shape {tuple(shape)}")
    return _intern(as_dtype(dtype), lengths)


SCALAR_SIZE = tensor_type("int64")

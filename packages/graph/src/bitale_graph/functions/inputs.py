"""Inputs of functions: variables without a value, made by rank and dtype (`scalar`, `matrix`, `ivector`, ...)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bitale_graph.errors import ArgumentError
from bitale_graph.types import Shape, tensor_type
from bitale_graph.variable import Variable

# Theano's letters for dtypes, unsigned ones after a u; a name without letters has the default dtype.
PREFIXES: dict[str, str | None] = {
    "": None, "b": "int8", "w": "int16", "i": "int32", "l": "int64", "ub": "uint8", "uw": "uint16", "ui": "uint32",
    "ul": "uint64", "f": "float32", "d": "float64", "c": "complex64", "z": "complex128",
}  # fmt: skip

SHAPES: dict[str, Shape] = {
    "scalar": (), "vector": (None,), "row": (1, None), "col": (None, 1), "matrix": (None, None),
    **{f"tensor{rank}": (None,) * rank for rank in range(3, 8)},
}  # fmt: skip


def _float64() -> str:
    return "float64"


default_float: Callable[[], str] = _float64  # a frontend with a setting of its own puts another function here


def or_default(dtype: object) -> object:
    """`dtype`, or the default float when None."""
    return default_float() if dtype is None else dtype


def tensor(name: str | None = None, dtype: object = None, shape: Sequence[int | None] = ()) -> Variable:
    """An input of a dtype (the default float when None) and a shape, in which None is a length that is not known."""
    return Variable(tensor_type(or_default(dtype), tuple(shape)), name=name)


def _maker(kind: str, fixed: str | None, lengths: Shape) -> Callable[..., Variable]:
    def make(name: str | None = None, dtype: object = fixed, shape: Sequence[int | None] = lengths) -> Variable:
        if len(shape) != len(lengths):
            raise ArgumentError(f"{kind}: the shape {tuple(shape)} has {len(shape)} axes, {len(lengths)} are wanted")
        return tensor(name, dtype, shape)

    return make


def _plural(make: Callable[..., Variable]) -> Callable[..., tuple[Variable, ...]]:
    def make_several(*names: str | int, dtype: object = None) -> tuple[Variable, ...]:
        if len(names) == 1:
            (one,) = names
            names = tuple(one.replace(",", " ").split()) if isinstance(one, str) else (None,) * one  # type: ignore[assignment]
        chosen = {} if dtype is None else {"dtype": dtype}
        return tuple(make(name, **chosen) for name in names)

    return make_several


def _makers() -> dict[str, Callable[..., Any]]:
    """Every constructor by name: fmatrix, and fmatrices for several."""
    makers: dict[str, Callable[..., Any]] = {}
    for prefix, dtype in PREFIXES.items():
        for kind, shape in SHAPES.items():
            name, several = prefix + kind, prefix + ("matrices" if kind == "matrix" else f"{kind}s")
            makers[name] = make = _maker(name, dtype, shape)
            makers[several] = _plural(make)
            make.__name__, makers[several].__name__ = name, several
            make.__doc__ = f"An input of type {dtype or 'the default float'}, shape {_shown(shape)}."
            makers[several].__doc__ = f'{name} for each name ("x y" or "x", "y"), or for a number of them.'
    return makers


def _shown(shape: Shape) -> str:
    return f"({', '.join('?' if n is None else str(n) for n in shape)})"


MAKERS = _makers()
globals().update(MAKERS)
__all__ = ["tensor", *MAKERS]

"""Inputs for the sample expressions that rules are tried on."""

from __future__ import annotations

from bitale_graph.types import tensor_type
from bitale_graph.variable import Variable


def array(*shape: int | None, dtype: str = "float64", name: str | None = None) -> Variable:
    """An input of this shape, None for unknown lengths."""
    return Variable(tensor_type(dtype, shape), name=name or "x" + "n".join(str(n or "") for n in shape))


def size(name: str = "n") -> Variable:
    """An input that is a length."""
    return Variable(tensor_type("int64"), name=name)

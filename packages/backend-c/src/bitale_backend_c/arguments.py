"""What callers pass: conversion to the arrays that a compiled function takes, and errors that say what was wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bitale_graph.dtypes import is_weak
from bitale_graph.errors import DtypeError, ShapeError, explain
from bitale_graph.variable import Variable


class Arguments:
    """The inputs of a function. `defaults` holds values for inputs that need not be given."""

    def __init__(
        self,
        inputs: Sequence[Variable],
        function: str,
        defaults: Mapping[int, Any] | None = None,
        downcast: bool = False,
        names: Sequence[str | None] | None = None,
    ) -> None:
        self.inputs = tuple(inputs)
        self.function = function
        self.defaults = dict(defaults or {})
        self.downcast = downcast
        self.names = list(names) if names is not None else [v.name for v in self.inputs]

    def convert(self, number: int, value: Any) -> np.ndarray:
        """`value` as a row-major array of input `number`'s type.

        Raises DtypeError when that would lose information or `value` is no array, ShapeError on a wrong rank or length.
        """
        if number >= len(self.inputs):  # a shared variable whose array has an unusual layout
            return np.require(value, requirements=("C", "A"))
        variable = self.inputs[number]
        array = self._array(number, value, variable)
        self._check_shape(number, array, variable)
        return np.require(array, requirements=("C", "A"))

    def _array(self, number: int, value: Any, variable: Variable) -> np.ndarray:
        if isinstance(value, Variable):
            raise DtypeError(
                explain(
                    f"{self._which(number)} is a symbolic variable, not an array",
                    [variable, value],
                    "Pass its value; to replace a variable in the graph, use givens.",
                )
            )
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise DtypeError(f"{self._which(number)} cannot be made an array: {error}") from None
        if array.dtype.kind not in "biufc":
            raise DtypeError(
                explain(
                    f"{self._which(number)} is a {type(value).__name__} (dtype {array.dtype}), no array of numbers",
                    [variable],
                )
            )
        wanted = np.dtype(variable.dtype)
        if array.dtype == wanted:
            return array.astype(wanted) if not array.dtype.isnative else array
        if self.downcast or self._fits(value, array, wanted):
            return array.astype(wanted)
        raise DtypeError(
            explain(
                f"{self._which(number)} has dtype {array.dtype}, which {wanted} cannot hold without loss",
                [variable],
                f"Convert it: numpy.asarray(value, {str(wanted)!r}).",
            )
        )

    def _fits(self, value: Any, array: np.ndarray, wanted: np.dtype) -> bool:
        """Whether the conversion is safe: NumPy's safe casts, Python scalars, and integers that fit."""
        if np.can_cast(array.dtype, wanted, "safe"):
            return True
        if is_weak(value) or (isinstance(value, (list, tuple)) and array.dtype.kind in "bif"):
            if array.dtype.kind in "bi" and wanted.kind in "iu":
                limits = np.iinfo(wanted)
                return bool(array.size == 0 or (array.min() >= limits.min and array.max() <= limits.max))
            return np.can_cast(array.dtype, wanted, "same_kind") or (wanted.kind in "fc" and array.dtype.kind in "biu")
        return False

    def _check_shape(self, number: int, array: np.ndarray, variable: Variable) -> None:
        shape = variable.type.shape
        if array.ndim != len(shape):
            raise ShapeError(
                explain(
                    f"{self._which(number)} has {array.ndim} axes (shape {array.shape}), {len(shape)} are wanted",
                    [variable],
                )
            )
        if any(n is not None and n != m for n, m in zip(shape, array.shape, strict=True)):
            raise ShapeError(explain(f"{self._which(number)} has shape {array.shape}", [variable]))

    def _which(self, number: int) -> str:
        name = self.names[number]
        return f"{self.function}: argument {number}" + (f" (`{name}`)" if name else "")

    # ---- how many, and by name ------------------------------------------------------------------------------

    def arrange(self, positional: tuple[Any, ...], keywords: Mapping[str, Any]) -> tuple[Any, ...]:
        """The arguments in order, keywords and defaults put in place. Raises TypeError as Python's functions do."""
        if len(positional) > len(self.inputs):
            raise TypeError(f"{self.function} takes {len(self.inputs)} arguments, {len(positional)} were given")
        found: dict[int, Any] = dict(enumerate(positional))
        names = {name: number for number, name in enumerate(self.names) if name}
        for name, value in keywords.items():
            if self.names.count(name) > 1:
                raise TypeError(f"{self.function} has several inputs named {name!r}: give them in order")
            if name not in names:
                known = ", ".join(sorted(filter(None, names))) or "none has a name"
                raise TypeError(f"{self.function} has no input named {name!r} (named inputs: {known})")
            if names[name] in found:
                raise TypeError(f"{self.function} got two values for input {name!r}")
            found[names[name]] = value
        missing = [n for n in range(len(self.inputs)) if n not in found and n not in self.defaults]
        if missing:
            wanted = ", ".join(f"`{self.names[n]}`" if self.names[n] else f"number {n}" for n in missing)
            raise TypeError(f"{self.function} misses {len(missing)} of its {len(self.inputs)} arguments: {wanted}")
        return tuple(found[n] if n in found else self.defaults[n] for n in range(len(self.inputs)))

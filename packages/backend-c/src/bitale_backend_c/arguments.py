"""What callers pass: conversion to the arrays that a compiled function takes, and errors that say what was wrong."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from bitale_graph.arrays import as_array
from bitale_graph.dtypes import can_cast, convert, is_masked, is_weak, kind
from bitale_graph.errors import DtypeError, ShapeError, explain
from bitale_graph.variable import Variable

NUMBERS = "biufc"  # kinds of dtypes


class Arguments:
    """The inputs of a function. `defaults` holds values for inputs that need not be given; `downcast` says which are
    converted even where that rounds, `strict` which are not converted at all.
    """

    def __init__(
        self,
        inputs: Sequence[Variable],
        function: str,
        defaults: Mapping[int, Any] | None = None,
        downcast: Collection[int] = (),
        names: Sequence[str | None] | None = None,
        strict: Collection[int] = (),
    ) -> None:
        self.inputs = tuple(inputs)
        self.function = function
        self.defaults = dict(defaults or {})
        self.downcast, self.strict = downcast, strict
        self.names = list(names) if names is not None else [v.name for v in self.inputs]

    def convert(self, number: int, value: Any) -> np.ndarray:
        """`value` as a row-major array of input `number`'s type.

        Raises DtypeError when that would lose information or `value` is no array, ShapeError on a wrong rank or length.
        """
        if number >= len(self.inputs):  # a shared variable whose array has an unusual layout, or is on another device
            return np.require(on_host(value), requirements=("C", "A"))
        variable = self.inputs[number]
        array = self._array(number, value, variable)
        self._check_shape(number, array.shape, variable)
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
        if is_masked(value):
            problem, advice = "is a masked array with elements missing", "Fill them in: value.filled(0)."
            raise DtypeError(explain(f"{self._which(number)} {problem}", [variable], advice))
        try:
            array = as_array(value)
        except (TypeError, ValueError, RuntimeError) as error:
            raise DtypeError(explain(f"{self._which(number)} cannot be made an array: {error}", [variable])) from None
        wanted, integers = np.dtype(variable.dtype), _is_integers(array)
        if kind(array.dtype) not in NUMBERS and not integers:
            problem = f"is of type {type(value).__name__} (dtype {array.dtype}), no array of numbers"
            objects = array.ndim and array.dtype == object
            advice = f"Convert it: numpy.asarray(value, {str(wanted)!r})." if objects else ""
            if array.dtype == "V2":
                advice = "If it was bfloat16 before numpy.save wrote it: value.view('bfloat16')."
            raise DtypeError(explain(f"{self._which(number)} {problem}", [variable], advice))
        if array.dtype == wanted:
            return array.astype(wanted) if not array.dtype.isnative else array
        if number in self.strict:
            problem = f"has dtype {array.dtype}, and is strictly to be {wanted}"
            raise DtypeError(explain(f"{self._which(number)} {problem}", [variable]))
        weak = is_weak(value) or isinstance(value, (list, tuple))
        if weak and integers and kind(wanted) in "iufc":
            return self._from_integers(number, array, variable)
        casting: Literal["safe", "same_kind"] = "same_kind" if weak else "safe"
        if number in self.downcast or can_cast(array.dtype, wanted, casting):
            return array.astype(wanted)
        raise DtypeError(
            explain(
                f"{self._which(number)} has dtype {array.dtype}, which {wanted} cannot hold without loss",
                [variable],
                f"Convert it: numpy.asarray(value, {str(wanted)!r}).",
            )
        )

    def _from_integers(self, number: int, array: np.ndarray, variable: Variable) -> np.ndarray:
        """Python's integers, of any size, in the dtype that is wanted."""
        wanted = np.dtype(variable.dtype)
        if wanted.kind in "iu" and number not in self.downcast:
            limits = np.iinfo(wanted)
            for n in (array.min(), array.max()) if array.size else ():
                if not limits.min <= n <= limits.max:
                    problem = f"holds {n}, and {wanted} goes from {limits.min} to {limits.max}"
                    raise DtypeError(explain(f"{self._which(number)} {problem}", [variable]))
        try:
            return convert(array, variable.dtype)
        except OverflowError:
            problem = f"holds an integer that is too large for {wanted}"
            raise DtypeError(explain(f"{self._which(number)} {problem}", [variable])) from None

    def check(self, number: int, dtype: str, shape: tuple[int, ...]) -> None:
        """Raise DtypeError or ShapeError unless an array on another device is of input `number`'s type."""
        variable = self.inputs[number]
        if dtype != variable.dtype:
            advice = f"Convert it: .astype({variable.dtype!r})."
            raise DtypeError(explain(f"{self._which(number)} has dtype {dtype}", [variable], advice))
        self._check_shape(number, shape, variable)

    def _check_shape(self, number: int, given: tuple[int, ...], variable: Variable) -> None:
        shape = variable.type.shape
        if len(given) != len(shape):
            raise ShapeError(
                explain(
                    f"{self._which(number)} has {len(given)} axes (shape {given}), {len(shape)} are wanted",
                    [variable],
                )
            )
        if any(n is not None and n != m for n, m in zip(shape, given, strict=True)):
            wanted = ", ".join("?" if n is None else str(n) for n in shape)
            problem = f"has shape {given}, and ({wanted}{',' * (len(shape) == 1)}) is wanted"
            raise ShapeError(explain(f"{self._which(number)} {problem}", [variable]))

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


def on_host(value: Any) -> np.ndarray:
    """The array of a shared variable, from wherever it is."""
    return value if isinstance(value, np.ndarray) else np.asarray(value.on_host())


def _is_integers(array: np.ndarray) -> bool:
    """Whether an array holds integers; NumPy keeps Python's large ones as objects."""
    return array.dtype.kind in "iu" or (array.dtype.kind == "O" and all(type(n) is int for n in array.flat))

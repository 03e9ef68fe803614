"""Python's operators on anything symbolic: variables, and the patterns of rewriting rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bitale_graph.functions as functions

if TYPE_CHECKING:
    from typing import Self


class Operators:
    """`x + y` means `functions.add(x, y)`, and so for every operator but `==` and `!=`, which compare identity."""

    __slots__ = ()

    def __add__(self, other: Any) -> Self:
        return functions.add(self, other)

    def __radd__(self, other: Any) -> Self:
        return functions.add(other, self)

    def __sub__(self, other: Any) -> Self:
        return functions.subtract(self, other)

    def __rsub__(self, other: Any) -> Self:
        return functions.subtract(other, self)

    def __mul__(self, other: Any) -> Self:
        return functions.multiply(self, other)

    def __rmul__(self, other: Any) -> Self:
        return functions.multiply(other, self)

    def __truediv__(self, other: Any) -> Self:
        return functions.true_divide(self, other)

    def __rtruediv__(self, other: Any) -> Self:
        return functions.true_divide(other, self)

    def __floordiv__(self, other: Any) -> Self:
        return functions.floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Self:
        return functions.floor_divide(other, self)

    def __mod__(self, other: Any) -> Self:
        return functions.remainder(self, other)

    def __rmod__(self, other: Any) -> Self:
        return functions.remainder(other, self)

    def __divmod__(self, other: Any) -> tuple[Self, Self]:
        return functions.floor_divide(self, other), functions.remainder(self, other)

    def __rdivmod__(self, other: Any) -> tuple[Self, Self]:
        return functions.floor_divide(other, self), functions.remainder(other, self)

    def __pow__(self, other: Any) -> Self:
        return functions.power(self, other)

    def __rpow__(self, other: Any) -> Self:
        return functions.power(other, self)

    def __matmul__(self, other: Any) -> Self:
        return functions.matmul(self, other)  # type: ignore[return-value]

    def __rmatmul__(self, other: Any) -> Self:
        return functions.matmul(other, self)  # type: ignore[return-value]

    def __neg__(self) -> Self:
        return functions.negative(self)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return functions.absolute(self)

    def __round__(self, decimals: int = 0) -> Self:
        return functions.round(self, decimals)  # type: ignore[return-value]

    def __invert__(self) -> Self:
        return functions.invert(self)

    def __and__(self, other: Any) -> Self:
        return functions.bitwise_and(self, other)

    def __rand__(self, other: Any) -> Self:
        return functions.bitwise_and(other, self)

    def __or__(self, other: Any) -> Self:
        return functions.bitwise_or(self, other)

    def __ror__(self, other: Any) -> Self:
        return functions.bitwise_or(other, self)

    def __xor__(self, other: Any) -> Self:
        return functions.bitwise_xor(self, other)

    def __rxor__(self, other: Any) -> Self:
        return functions.bitwise_xor(other, self)

    def __lshift__(self, other: Any) -> Self:
        return functions.left_shift(self, other)

    def __rlshift__(self, other: Any) -> Self:
        return functions.left_shift(other, self)

    def __rshift__(self, other: Any) -> Self:
        return functions.right_shift(self, other)

    def __rrshift__(self, other: Any) -> Self:
        return functions.right_shift(other, self)

    def __lt__(self, other: Any) -> Self:
        return functions.less(self, other)

    def __le__(self, other: Any) -> Self:
        return functions.less_equal(self, other)

    def __gt__(self, other: Any) -> Self:
        return functions.greater(self, other)

    def __ge__(self, other: Any) -> Self:
        return functions.greater_equal(self, other)

"""Building graphs: NumPy's functions for variables (see NumPy's documentation for shapes and dtypes)."""

from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.ops.elementwise import (
    absolute, add, bitwise_and, bitwise_or, bitwise_xor, floor_divide, greater, greater_equal, invert, left_shift,
    less, less_equal, multiply, negative, power, remainder, right_shift, subtract, true_divide,
)

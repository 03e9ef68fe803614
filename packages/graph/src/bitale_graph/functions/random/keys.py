"""Keys: two numbers of 64 bits, of which random numbers are functions. The same key gives the same numbers."""

from __future__ import annotations

import operator
import os
from typing import Any

import numpy as np

from bitale_graph.dtypes import INTEGERS
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError, explain
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.arguments import as_size
from bitale_graph.functions.joining import stack
from bitale_graph.functions.ranges import iota
from bitale_graph.ops.elementwise import bitwise_or, left_shift
from bitale_graph.ops.random import philox
from bitale_graph.variable import Constant, Variable

DERIVED = 1 << 63  # added to the numbers of the blocks that keys are made of, so that no draw uses them


def key(seed: Any = None) -> Variable:
    """A key: a vector of two uint64. `seed` is a whole number below 2**128 or an integer scalar; None asks the system.

    Raises ArgumentError for a seed that is negative or too large, DtypeError for what is no whole number.
    """
    if isinstance(seed, Variable):
        if seed.ndim or seed.dtype not in INTEGERS:
            raise DtypeError(explain(f"key: a seed is an integer scalar, not {seed.type}", [seed]))
        low = cast(seed, "uint64")
        return stack([low, Constant(np.asarray(0, "uint64"))])
    return Constant(seed_words(seed))


def seed_words(seed: Any) -> np.ndarray:
    """The two words of a seed."""
    if seed is None:
        seed = int.from_bytes(os.urandom(16), "little")
    try:
        number = operator.index(seed)
    except TypeError:
        raise DtypeError(f"a seed is a whole number, not {seed!r}") from None
    if not 0 <= number < 1 << 128:
        raise ArgumentError(f"a seed is not negative and below 2**128, unlike {number}")
    return np.array([number & ~0 % (1 << 64), number >> 64], "uint64")


PRNGKey = key


def split(key: Any, n: Any = 2) -> Variable:
    """`n` new keys, as the rows of a matrix; they and `key` are independent of each other. `n` may be a variable."""
    first, second = words("split", key)
    return _derived(first, second, cast(iota(as_size("split", n)), "uint64"))


def fold_in(key: Any, data: Any) -> Variable:
    """A new key for each integer of `data` (a number or an array): key[..., :] has the shape of `data` before it."""
    number = as_variable(data)
    if number.dtype not in INTEGERS:
        raise DtypeError(explain(f"fold_in: the data must be integers, not {number.dtype}", [number]))
    first, second = words("fold_in", key)
    return _derived(first, second, cast(number, "uint64"))


def words(what: str, key: Any) -> tuple[Variable, Variable]:
    """The two words of one key. Raises DtypeError or ShapeError for what is no key."""
    key = as_variable(key)
    if key.dtype != "uint64":
        raise DtypeError(
            explain(f"{what}: a key is made of uint64, not {key.dtype}", [key], "Make one of a seed: random.key(seed).")
        )
    if key.ndim != 1 or key.type.shape[0] not in (2, None):
        raise ShapeError(explain(f"{what}: one key is a vector of two numbers, not {key.type}", [key],
                                 "Take one row of several keys, or vectorize over them."))
    return key[0], key[1]


def _derived(first: Variable, second: Variable, number: Variable) -> Variable:
    block = bitwise_or(number, Constant(np.asarray(DERIVED, "uint64")))
    parts = [cast(philox(first, second, block, Constant(np.asarray(word, "uint64"))), "uint64") for word in range(4)]
    low, high = (bitwise_or(a, left_shift(b, Constant(np.asarray(32, "uint64")))) for a, b in (parts[:2], parts[2:]))
    return stack([low, high], axis=-1)

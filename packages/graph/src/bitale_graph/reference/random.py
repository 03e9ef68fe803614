"""The meaning of random bits: Philox4x32-10 in NumPy, for whole arrays of counters."""

from __future__ import annotations

import numpy as np

from bitale_graph.ops import random as row
from bitale_graph.ops.random import LANES, RUN, Permutation
from bitale_graph.reference.elementwise import FORMULAS
from bitale_graph.reference.evaluate import Rule
from bitale_graph.table import RuleTable

ROUNDS = 10
MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
RANDOM: RuleTable[Rule] = RuleTable("NumPy reference")
Words = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def philox_block(key: np.ndarray, stream: np.ndarray, block: np.ndarray) -> Words:
    """The four words of a block, as uint64 below 2**32: ten rounds of two products whose halves change places."""
    a, b, c, d = block & LOW, block >> HALF, stream & LOW, stream >> HALF
    k, m = key & LOW, key >> HALF
    for _ in range(ROUNDS):
        p, q = a * MULTIPLIERS[0], c * MULTIPLIERS[1]
        a, b, c, d = (q >> HALF) ^ b ^ k, q & LOW, (p >> HALF) ^ d ^ m, p & LOW
        k, m = (k + WEYL[0]) & LOW, (m + WEYL[1]) & LOW
    return a, b, c, d


@FORMULAS.register(row.philox)
def _philox(key: np.ndarray, stream: np.ndarray, block: np.ndarray, word: np.ndarray) -> np.ndarray:
    return np.choose((word & np.uint64(3)).astype("intp"), philox_block(key, stream, block)).astype("uint32")


@FORMULAS.register(row.random_bits32)
def _random_bits32(key: np.ndarray, stream: np.ndarray, index: np.ndarray) -> np.ndarray:
    block, word = _place(index, LANES["uint32"])
    return _philox(key, stream, block, word)


@FORMULAS.register(row.random_bits64)
def _random_bits64(key: np.ndarray, stream: np.ndarray, index: np.ndarray) -> np.ndarray:
    block, pair = _place(index, LANES["uint64"])
    a, b, c, d = philox_block(key, stream, block)
    return np.where(pair == 0, a | b << HALF, c | d << HALF)


def _place(index: np.ndarray, lanes: int) -> tuple[np.ndarray, np.ndarray]:
    """The block of an element, and which part of the block is its own."""
    run, within = index // np.uint64(RUN), index % np.uint64(RUN)
    return run * np.uint64(lanes) + within % np.uint64(lanes), within // np.uint64(lanes)


@FORMULAS.register(row.multiply_high)
def _multiply_high(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """By parts of 32 bits, as on paper."""
    a, b, c, d = x >> HALF, x & LOW, y >> HALF, y & LOW
    middle = a * d + (b * d >> HALF)
    return a * c + (middle >> HALF) + ((middle & LOW) + b * c >> HALF)


def pair_of_words(key: int, stream: int, block: int) -> np.ndarray:
    """A block as a vector of two words of 64 bits: what a derived key is."""
    a, b, c, d = philox_block(*(np.asarray(word, "uint64") for word in (key, stream, block)))
    return np.array([a | b << HALF, c | d << HALF])


@RANDOM.register(Permutation)
def _permutation(op: Permutation, key: np.ndarray, stream: np.ndarray, *length: np.ndarray) -> np.ndarray:
    """Fisher and Yates' shuffle from the inside out: number i takes the place of one before it, which moves to i."""
    count = int(length[0]) if op.length is None else op.length
    numbers = np.arange(count, dtype="uint64")
    words = _random_bits64(key[..., None], stream[..., None], numbers)
    places = _multiply_high(words, numbers + np.uint64(1)).astype("int64")
    result = np.zeros(places.shape, "int64")
    for i in range(count):
        at = places[..., i : i + 1]
        result[..., i : i + 1] = np.take_along_axis(result, at, -1)
        np.put_along_axis(result, at, i, -1)
    return result

"""Philox in NumPy: the published answers, the layout of words, products of 128 bits."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_graph.ops import random as row
from bitale_graph.reference.elementwise import FORMULAS
from bitale_graph.reference.random import philox_block

# Counter, key and block of philox4x32-10 in Random123's list of known answers.
PUBLISHED = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]  # fmt: skip


def joined(low: int, high: int) -> np.ndarray:
    return np.array(low | high << 32, "uint64")


@pytest.mark.parametrize(("counter", "key", "block"), PUBLISHED)
def test_published_answers(counter, key, block):
    found = philox_block(joined(*key), joined(*counter[2:]), joined(*counter[:2]))
    assert tuple(map(int, found)) == block


def test_words_of_elements():
    """A run of 64 elements takes the words of its blocks one after the other."""
    key, stream, index = np.uint64(3), np.uint64(4), np.arange(130, dtype="uint64")
    words = np.stack(philox_block(key, stream, np.arange(80, dtype="uint64")))
    bits32, bits64 = (FORMULAS[f](key, stream, index) for f in (row.random_bits32, row.random_bits64))
    assert (bits32.dtype, bits64.dtype) == ("uint32", "uint64")
    np.testing.assert_array_equal(bits32[:64], words[:, :16].ravel())
    np.testing.assert_array_equal(bits32[64:128], words[:, 16:32].ravel())
    pairs = words[::2] | words[1::2] << np.uint64(32)
    np.testing.assert_array_equal(bits64[:64], pairs[:, :32].ravel())
    np.testing.assert_array_equal(bits64[64:128], pairs[:, 32:64].ravel())


def test_upper_halves_of_products():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 2**64 - 1, (2, 500), "uint64", endpoint=True)
    x[:3], y[:3] = 2**64 - 1, (2**64 - 1, 0, 1)
    wanted = [int(a) * int(b) >> 64 for a, b in zip(x, y)]
    assert FORMULAS[row.multiply_high](x, y).tolist() == wanted

"""Makers of inputs that several families share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.workload import DTYPES

Maker = Callable[[np.random.Generator], tuple[np.ndarray, ...]]


def normals(count: int, shape: tuple[int, ...], tag: str) -> Maker:
    """`count` arrays of standard normal numbers."""
    return lambda random: tuple(random.standard_normal(shape).astype(DTYPES[tag]) for _ in range(count))


def uniforms(count: int, shape: tuple[int, ...], tag: str) -> Maker:
    """`count` arrays of numbers between 0 and 1: their sums do not cancel, so a wrong one shows."""
    return lambda random: tuple(random.random(shape).astype(DTYPES[tag]) for _ in range(count))

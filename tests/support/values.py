"""Special values of every dtype: what operands of elementwise functions are made of."""

from __future__ import annotations

import itertools

import numpy as np

from bitale_graph.dtypes import COMPLEX, FLOATS, UNSIGNED, limits

ORDINARY = [0.5, -0.5, 1.0, -1.0, 1.5, 2.5, -2.5, 3.0, 1e-3, -1e-3, 0.9, -0.7, 10.3, -7.7, 40.0]
PARTS = [0.0, -0.0, 1.0, -1.5, 0.25, np.inf, -np.inf, np.nan]


def values(dtype: str) -> np.ndarray:
    """Ordinary and special values of a dtype: signed zeros, infinities, NaN, subnormals, extremes, widths of types."""
    if dtype == "bool":
        return np.array([False, True])
    if dtype in FLOATS:
        return _floats(dtype)
    if dtype in COMPLEX:
        return _complex(dtype, PARTS)
    bounds = np.iinfo(dtype)
    wanted = [0, 1, 2, 3, 5, 7, 8, 15, 16, 31, 32, 63, 64, 100, 127, bounds.max, bounds.max - 1, bounds.max // 2]
    if dtype not in UNSIGNED:
        wanted += [-1, -2, -3, -7, -8, -100, bounds.min, bounds.min + 1, bounds.min // 2]
    return np.array(wanted, dtype)


def few(dtype: str) -> np.ndarray:
    """A handful of values, for products of many operands."""
    if dtype in FLOATS:
        return np.array([0.0, -0.0, 1.0, -2.5, 7.7, np.inf, -np.inf, np.nan], dtype)
    if dtype in COMPLEX:
        return _complex(dtype, [0.0, -0.0, 1.0, -2.5, np.inf, np.nan])
    found = values(dtype)
    return np.concatenate([found[:4], found[-4:]]) if dtype != "bool" else found


def crossed(columns: list[np.ndarray]) -> list[np.ndarray]:
    """Every combination of one value per column, as one vector per column."""
    rows = list(itertools.product(*[range(len(column)) for column in columns]))
    return [column[[row[k] for row in rows]] for k, column in enumerate(columns)]


def generic(shape: tuple[int, ...], dtype: str, seed: int = 0) -> np.ndarray:
    """Numbers without anything special, both signs where the dtype has them; integers of all sizes."""
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return np.asarray(rng.integers(0, 2, shape), "bool")
    if dtype in FLOATS:
        return np.asarray(rng.normal(size=shape), dtype)
    if dtype in COMPLEX:
        return np.asarray(rng.normal(size=shape) + 1j * rng.normal(size=shape), dtype)
    bounds = np.iinfo(dtype)
    return np.asarray(rng.integers(bounds.min, bounds.max, shape, dtype, endpoint=True))


def _floats(dtype: str) -> np.ndarray:
    found = limits(dtype)
    least = float(found.smallest_subnormal)
    tiny = [least, -least, found.smallest_normal, 8 * least]
    large = [found.max, -found.max, np.inf, -np.inf, np.nan]
    return np.array([0.0, -0.0, *ORDINARY, *tiny, *large], dtype)


def _complex(dtype: str, parts: list[float]) -> np.ndarray:
    result = np.empty(len(parts) ** 2, dtype)
    result.real, result.imag = np.repeat(parts, len(parts)), np.tile(parts, len(parts))
    return result

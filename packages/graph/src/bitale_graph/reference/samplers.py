"""The meaning of distributions that are drawn by rejection: every trial of an element takes a block of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bitale_graph.ops import random as row
from bitale_graph.ops.random import MOST_TRIALS, TRIAL
from bitale_graph.reference.elementwise import FORMULAS
from bitale_graph.reference.random import HALF, philox_block

Array = np.ndarray
Attempt = Callable[..., tuple[Array, Array]]  # (lower word, upper word, *parameters) -> value, whether it is accepted


def pairs(key: Array, stream: Array, index: Array, trial: int) -> tuple[Array, Array]:
    """The two words of 64 bits that a trial of an element has."""
    a, b, c, d = philox_block(key, stream, index | np.uint64(trial << TRIAL))
    return a | b << HALF, c | d << HALF


def open_unit(word: Array) -> Array:
    """Numbers in (0, 1)."""
    return ((word >> np.uint64(12)).astype("float64") + 0.5) * 2.0**-52


def two_sided_normal(word: Array) -> Array:
    """Standard normal numbers."""
    from scipy.special import ndtri

    z = ndtri(((word >> np.uint64(11)).astype("float64") + 0.5) * 2.0**-54)
    return np.where(word & np.uint64(1), -z, z)


def first_accepted(attempt: Attempt, start: Array, where: Array, places: tuple[Array, ...], parameters: Any) -> Array:
    """`start`, in which elements of `where` get the value of their first trial that is accepted."""
    result = np.array(start)
    waiting = np.flatnonzero(where)
    key, stream, index, *values = [np.ravel(np.broadcast_to(a, result.shape)) for a in (*places, *parameters)]
    flat = result.reshape(-1)
    for trial in range(2, MOST_TRIALS):
        if not waiting.size:
            break
        words = pairs(key[waiting], stream[waiting], index[waiting], trial)
        found, accepted = attempt(*words, *(v[waiting] for v in values))
        flat[waiting[accepted]] = found[accepted]
        waiting = waiting[~accepted]
    return result


# ---- gamma --------------------------------------------------------------------------------------------------------


@FORMULAS.register(row.log_gamma_variate)
def _log_gamma_variate(key: Array, stream: Array, index: Array, a: Array) -> Array:
    """Marsaglia and Tsang, A simple method for generating gamma variables, 2000; below 1 by a power of a uniform."""
    whole = np.broadcast_arrays(key, stream, index, a)[3]
    raised = np.where(whole < 1, whole + 1, whole)
    ordinary = (whole > 0) & np.isfinite(whole)
    start = np.where(whole == 0, -np.inf, np.where(whole > 0, whole, np.nan))
    result = first_accepted(_marsaglia_tsang, start, ordinary, (key, stream, index), (raised,))
    power = np.log(open_unit(pairs(key, stream, index, 1)[0])) / whole
    return np.where(ordinary & (whole < 1), result + power, result)


def _marsaglia_tsang(low: Array, high: Array, a: Array) -> tuple[Array, Array]:
    d = a - 1 / 3
    x = two_sided_normal(low)
    root = 1 + x / np.sqrt(9 * d)
    v = root * root * root
    log_v = np.log(np.where(root > 0, v, 1))
    return np.log(d) + log_v, (root > 0) & (np.log(open_unit(high)) < 0.5 * x * x + d - d * v + d * log_v)


@FORMULAS.register(row.log_gamma_slope)
def _log_gamma_slope(log_z: Array, a: Array) -> Array:
    """By implicit differentiation: -(dP/da) / (z p(z)), with the power series of the incomplete gamma function P."""
    from scipy.special import digamma

    log_z, a = np.broadcast_arrays(log_z, a)
    series = a <= row.LONGEST_SERIES
    z, b = np.exp(log_z), np.where(series, a, 1.0)
    term, total, weighted, harmonic = (np.ones_like(b), np.ones_like(b), np.zeros_like(b), np.zeros_like(b))
    running = series & np.isfinite(z) & (b > 0)
    n = 0
    while running.any() and n < 100_000:
        n += 1
        harmonic = np.where(running, harmonic + 1 / (b + n), harmonic)
        term = np.where(running, term * (z / (b + n)), 0.0)
        total, weighted = total + term, weighted + term * harmonic
        running = running & ((z > b + n) | (term > 1e-17 * total))
    summed = (weighted - total * (log_z - digamma(b) - 1 / b)) / b
    y = np.exp((log_z - np.log(a)) / 3)  # Wilson and Hilferty: the cube root is nearly normal
    nearly = 1 / a + 3 / y * (1 / (9 * a * a) - (y - 1 + 1 / (9 * a)) / (2 * a))
    return np.where(series, summed, nearly)


# ---- counts -------------------------------------------------------------------------------------------------------


@FORMULAS.register(row.poisson_variate)
def _poisson_variate(key: Array, stream: Array, index: Array, mean: Array) -> Array:
    """Sequential search for small means; else Hörmann's PTRS, The transformed rejection method, 1993."""
    key, stream, index, mean = np.broadcast_arrays(key, stream, index, mean)
    u = open_unit(pairs(key, stream, index, 1)[0])
    small = mean < row.SEARCHED
    found = _searched(u, np.where(small, np.exp(-mean), 1.0), lambda k: mean / k, small)
    wide = np.where(small, row.SEARCHED, mean)
    chosen = first_accepted(_ptrs, found, (mean >= row.SEARCHED) & np.isfinite(mean), (key, stream, index), (wide,))
    return np.where(mean >= 0, chosen, -1.0).astype("int64")


def _searched(u: Array, chance: Array, factor: Callable[[int], Array], where: Array) -> Array:
    """The smallest count whose cumulative probability reaches u; `factor(k)` leads from k - 1 to k."""
    count, total = np.zeros_like(u), np.array(chance)
    for k in range(1, row.LONGEST_SEARCH):
        more = where & (u > total)
        if not more.any():
            break
        chance = np.where(more, chance * factor(k), chance)
        total = np.where(more, total + chance, total)
        count = np.where(more, k, count)
    return count


def _ptrs(low: Array, high: Array, mean: Array) -> tuple[Array, Array]:
    b = 0.931 + 2.53 * np.sqrt(mean)
    a = -0.059 + 0.02483 * b
    u, v = open_unit(low) - 0.5, open_unit(high)
    side = 0.5 - np.abs(u)
    k = np.floor((2 * a / side + b) * u + mean + 0.43)
    inside = (side >= 0.07) & (v <= 0.9277 - 3.6224 / (b - 2))
    outside = (k < 0) | ((side < 0.013) & (v > side))
    ratio = np.log(v * (1.1239 + 1.1328 / (b - 3.4)) / (a / (side * side) + b))
    return k, inside | (~outside & (ratio <= log_poisson(np.maximum(k, 0), mean)))


def stirling_error(k: Array) -> Array:
    """log(k!) less Stirling's formula."""
    from scipy.special import gammaln

    small, x = np.minimum(k, 16), np.maximum(k, 16)
    exact = gammaln(small + 1) - np.where(small > 0, (small + 0.5) * np.log(np.maximum(small, 1)), 0) + small
    t = 1 / (x * x)
    return np.where(k < 16, exact - 0.5 * np.log(2 * np.pi), (1 / 12 - t * (1 / 360 - t * (1 / 1260 - t / 1680))) / x)


def deviance(k: Array, mean: Array) -> Array:
    """k log(k / mean) + mean - k, exact where k is near the mean (Loader, 2000)."""
    x = np.maximum(k, 1)
    gap = (mean - x) / x
    return np.where(k > 0, x * (gap - np.log1p(gap)), mean)


def log_poisson(k: Array, mean: Array) -> Array:
    """The logarithm of Poisson's probability."""
    return np.where(
        k > 0, -stirling_error(k) - deviance(k, mean) - 0.5 * np.log(2 * np.pi * np.maximum(k, 1)), -mean
    )


def log_binomial(k: Array, n: Array, p: Array) -> Array:
    """The logarithm of the binomial probability."""
    rest = n - k
    middle = np.maximum(k, 1) / n * np.maximum(rest, 1)
    inner = stirling_error(n) - stirling_error(k) - stirling_error(rest) - 0.5 * np.log(2 * np.pi * middle)
    inner = inner - deviance(k, n * p) - deviance(rest, n * (1 - p))
    return np.where(k == 0, n * np.log1p(-p), np.where(rest == 0, n * np.log(p), inner))


@FORMULAS.register(row.binomial_variate)
def _binomial_variate(key: Array, stream: Array, index: Array, n: Array, p: Array) -> Array:
    """Sequential search for small means; else Hörmann's BTRS, The generation of binomial random variates, 1993."""
    key, stream, index, n, p = np.broadcast_arrays(key, stream, index, n, p)
    valid = (n >= 0) & (p >= 0) & (p <= 1)
    q = np.where(valid, np.where(p > 0.5, 1 - p, p), 0.0)  # of the rarer outcome
    count = np.where(valid, n, 0).astype("float64")
    u = open_unit(pairs(key, stream, index, 1)[0])
    small = count * q < row.SEARCHED
    odds = q / (1 - q)
    start = np.where(small, np.exp(count * np.log1p(-q)), 1.0)
    found = _searched(u, start, lambda k: (count - k + 1) / k * odds, small)
    some = (np.where(small, 100.0, count), np.where(small, 0.5, q))
    found = first_accepted(_btrs, np.minimum(found, count), ~small, (key, stream, index), some).astype("int64")
    return np.where(valid, np.where(p > 0.5, n - found, found), np.int64(-1))


def _btrs(low: Array, high: Array, n: Array, p: Array) -> tuple[Array, Array]:
    spread = np.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    u, v = open_unit(low) - 0.5, open_unit(high)
    side = 0.5 - np.abs(u)
    k = np.floor((2 * a / side + b) * u + n * p + 0.5)
    possible = (k >= 0) & (k <= n)
    inside = (side >= 0.07) & (v <= 0.92 - 4.2 / b)
    ratio = np.log(v * ((2.83 + 5.1 / b) * spread) / (a / (side * side) + b))
    at = np.clip(k, 0, n)
    return k, possible & (inside | (ratio <= log_binomial(at, n, p) - log_binomial(np.floor((n + 1) * p), n, p)))

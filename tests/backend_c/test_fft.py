"""Fourier transforms in C: lengths of all kinds, exactness, several threads, other widths of vectors, exported."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.fft

from bitale_backend_c import compile
from bitale_backend_c.settings import settings
from bitale_graph import Graph, Variable, evaluate, tensor_type
from bitale_graph.functions import imag, make_complex, real
from bitale_graph.ops.fft import Fft, Irfft, Rfft
from tests.backend_c.test_export import check
from tests.support.values import generic

SHORT = [*range(1, 70), 97, 120, 143, 144, 210, 243, 256, 899, 961, 997, 1000, 1024, 1331, 2187]
LONG = [4096, 4097, 6561, 10007, 65536, 65537, 100000]


def transforms(dtype: str) -> Graph:
    """Every transform of rows of any length."""
    real = {"complex64": "float32", "complex128": "float64"}[dtype]
    z, x, n = (Variable(tensor_type(d, s)) for d, s in ((dtype, (None, None)), (real, (None, None)), ("int64", ())))
    half = Variable(tensor_type(dtype, (None, None)))
    return Graph([z, x, half, n], [Fft()(z), Fft(inverse=True)(z), Rfft()(x), Irfft(None)(half, n)])


@pytest.fixture(scope="module")
def compiled():
    return {dtype: compile(transforms(dtype)) for dtype in ("complex64", "complex128")}


def values(dtype: str, rows: int, n: int) -> list[np.ndarray]:
    z = generic((rows, n), dtype, seed=n)
    return [z, z.real.copy(), generic((rows, n // 2 + 1), dtype, seed=n + 1), np.asarray(n)]


def exactly(given: list[np.ndarray]) -> list[np.ndarray]:
    """With more digits than float64 has."""
    z, x, half, n = given
    wide, real = z.astype(np.clongdouble), x.astype(np.longdouble)
    back = scipy.fft.irfft(half.astype(np.clongdouble), int(n), norm="forward")
    return [scipy.fft.fft(wide), scipy.fft.ifft(wide, norm="forward"), scipy.fft.rfft(real), back]


def error(found: np.ndarray, exact: np.ndarray) -> float:
    """In the norm, of the whole, in units of the last place."""
    difference = np.linalg.norm((found - exact).astype(found.dtype))
    return float(difference / np.linalg.norm(exact.astype(found.dtype)) / np.finfo(found.dtype).eps)


def has_small_factors(n: int) -> bool:
    for p in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31):
        while n % p == 0:
            n //= p
    return n == 1


@pytest.mark.parametrize("rows", [1, 3, 16, 19])
def test_lengths(compiled, rows):
    """A transform of n points adds log2(n) times, one by convolution as often as two others, of over 2 n points."""
    for dtype, function in compiled.items():
        for n in SHORT:
            given, added = values(dtype, rows, n), np.log2(n if has_small_factors(n) else 8 * n)
            for k, (found, exact) in enumerate(zip(function(*given), exactly(given), strict=True)):
                assert error(found, exact) < 0.5 + 0.25 * added, f"transform {k} of {n} points in {dtype}"
            assert np.all(function(*given)[2][:, 0].imag == 0)


@pytest.mark.parametrize("n", [16, 128, 1000, 1009, *LONG])
def test_as_exact_as_numpy(compiled, n):
    """Real ones within one unit more: NumPy's do less on a few points, and have no convolution on 17 times 241."""
    given = values("complex128", 1, n)
    theirs = evaluate(transforms("complex128"), given)
    found = zip(compiled["complex128"](*given), theirs, exactly(given), (0.05, 0.05, 1, 1), strict=True)
    for mine, numpys, exact, more in found:
        assert error(mine, exact) < 1.2 * error(numpys, exact) + more


def test_rows_do_not_touch_each_other(compiled):
    for n in (8, 12, 97, 1024):
        given = values("complex128", 20, n)
        alone = compiled["complex128"](*(a[4:5] if a.ndim else a for a in given))
        for a in given[:3]:
            a[[3, 5]] = np.nan
        for rows, row in zip(compiled["complex128"](*given), alone, strict=True):
            np.testing.assert_allclose(rows[4:5], row, rtol=1e-13, atol=1e-13)
            assert np.isnan(rows[3]).all() and np.isnan(rows[5]).all()


def test_more_lengths_than_plans_are_kept_by_several_threads_at_once(compiled):
    """Plans are taken and put back; here there are twice as many lengths as places."""
    lengths = [*range(20, 52)] * 4

    def ask(n: int) -> float:
        given = values("complex128", 2, n)
        wanted = exactly(given)
        return max(error(a, b) for a, b in zip(compiled["complex128"](*given), wanted, strict=True))

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(ask, lengths)) < 2


def test_threads_share_the_rows():
    """As many as there are rows, and less."""
    for dtype in ("complex64", "complex128"):
        function = compile(transforms(dtype), threads=3)
        for rows, n in ((2, 60000), (700, 243), (1, 100000)):
            given = values(dtype, rows, n)
            for found, exact in zip(function(*given), exactly(given), strict=True):
                assert error(found, exact) < 6


@pytest.mark.parametrize("flag", ["-DBITALE_NO_VECTORS", "-mno-avx512f", "-mno-avx"])
def test_other_widths_of_vectors(flag, monkeypatch):
    monkeypatch.setattr(settings, "flags", flag)
    for dtype in ("complex64", "complex128"):
        function = compile(transforms(dtype))
        for n in (1, 6, 31, 37, 64, 81, 360):
            given = values(dtype, 5, n)
            for found, exact in zip(function(*given), exactly(given), strict=True):
                assert error(found, exact) < 0.5 + 0.25 * np.log2(n)


def test_exported(tmp_path):
    """With the sanitizers: power of two, split in columns and rows, odd, prime."""
    z = [Variable(tensor_type("complex128", (3, n)), name=f"z{n}") for n in (8, 96, 74)]
    x = [Variable(tensor_type("float32", (3, n)), name=f"x{n}") for n in (9, 128)]
    parts = [Variable(tensor_type("float64", v.type.shape), name=f"{part}{v.name}") for v in z for part in "ab"]
    inputs = [make_complex(a, b) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    spectra = [*map(Fft(), inputs), *map(Rfft(), x)]
    outputs = [part(s) for s in spectra for part in (real, imag)] + [Irfft(15)(inputs[0])]
    given = [generic(v.type.shape, v.dtype, seed=k) for k, v in enumerate([*parts, *x])]
    check(tmp_path, Graph([*parts, *x], outputs), given)

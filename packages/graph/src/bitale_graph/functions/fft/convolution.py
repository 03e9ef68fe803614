"""Convolutions as products of spectra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.dtypes import COMPLEX
from bitale_graph.errors import ArgumentError, ShapeError, explain
from bitale_graph.functions.apply import as_variable
from bitale_graph.functions.arguments import axes_of
from bitale_graph.functions.extension import strip
from bitale_graph.functions.fft.several import fftn, ifftn, irfftn, rfftn
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, size_add, size_divide, size_maximum, size_minimum, size_subtract
from bitale_graph.variable import Variable

MODES = ("full", "same", "valid")


def fftconvolve(in1: Any, in2: Any, mode: str = "full", axes: int | Sequence[int] | None = None) -> Variable:
    """The convolution of two arrays along `axes` (all when None), as scipy.signal.fftconvolve; other axes are a batch.

    `mode` "full" has every overlap (n + m - 1 elements), "same" the n in the middle, where n is that of `in1`, "valid"
    those without a missing element. float32 gives float32, integers float64. Unlike `convolve` it takes n log n steps,
    and every element has an error of the size of the largest. Raises ShapeError where the numbers of axes differ, and
    ArgumentError for another mode.
    """
    a, b = as_variable(in1), as_variable(in2)
    if a.ndim != b.ndim:
        raise ShapeError(explain(f"fftconvolve: arrays of {a.ndim} and of {b.ndim} axes", [a, b]))
    if mode not in MODES:
        raise ArgumentError(explain(f"fftconvolve: the mode must be full, same or valid, not {mode!r}", [a, b]))
    chosen = tuple(range(a.ndim)) if axes is None else axes_of("fftconvolve", axes, a)
    if not chosen:
        return a * b
    lengths = {axis: (shape_of(a)[axis], shape_of(b)[axis]) for axis in chosen}
    whole = {axis: size_subtract(size_add(n, m), 1) for axis, (n, m) in lengths.items()}
    points = tuple(good_length(n) if isinstance(n, int) else n for n in whole.values())
    forward, back = (fftn, ifftn) if {a.dtype, b.dtype} & set(COMPLEX) else (rfftn, irfftn)
    result = back(forward(a, points, chosen) * forward(b, points, chosen), points, chosen)
    for axis, (n, m) in lengths.items():
        result = strip(result, axis, *_part(mode, n, m, whole[axis]))
    return result


def _part(mode: str, n: Size, m: Size, whole: Size) -> tuple[Size, Size]:
    """Where the wanted elements start, and how many they are."""
    if mode == "full":
        return 0, whole
    if mode == "same":
        return size_divide(size_subtract(whole, n), 2), n
    shorter = size_minimum(n, m)
    return size_subtract(shorter, 1), size_add(size_subtract(size_maximum(n, m), shorter), 1)


def good_length(n: int) -> int:
    """The next length without prime factors above 5, which is quickly transformed."""
    while True:
        rest = n
        for p in (2, 3, 5):
            while rest > 1 and rest % p == 0:
                rest //= p
        if rest <= 1:
            return n
        n += 1

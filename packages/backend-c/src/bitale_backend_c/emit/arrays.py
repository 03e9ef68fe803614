"""Arrays of numbers as static C arrays."""

from __future__ import annotations

import math

import numpy as np

from bitale_backend_c.emit.ctypes import C_TYPES, bits_of, literal

PER_LINE = 8


def static_array(name: str, array: np.ndarray) -> list[str]:
    """The definition of a constant array in row-major order; complex numbers become pairs of their parts."""
    values = np.ascontiguousarray(array).reshape(-1)
    if values.dtype.kind == "c":
        values = values.view(f"f{values.dtype.itemsize // 2}")
    dtype = values.dtype.name
    texts = [_number(v, dtype) for v in values] or ["0"]
    lines = [f"    {', '.join(texts[start : start + PER_LINE])}," for start in range(0, len(texts), PER_LINE)]
    return [f"static const {C_TYPES[dtype]} {name}[{len(texts)}] = {{", *lines, "};"]


def _number(value: np.generic, dtype: str) -> str:
    if dtype in ("float32", "float64") and math.isfinite(value):
        return f"{value}{'f' if dtype == 'float32' else ''}"  # NumPy prints the shortest digits that read back
    return bits_of(value) if dtype == "bfloat16" else literal(value.item(), dtype)

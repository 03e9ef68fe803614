"""What cuBLAS computes, in NumPy: 16-bit floats are added in float32, float32 is rounded to TF32 if that is wanted."""

from __future__ import annotations

from typing import Any

import numpy as np

from bitale_backend_cuda.product import Product
from bitale_graph.dtypes import SHORT

TF32_BITS = 13  # of the 23 bits behind the point of a float32, that TF32 lacks

Shape = tuple[int, int, int]


def shapes_of(product: Product) -> tuple[Shape, Shape, Shape]:
    """The shapes in memory of left, right and out."""
    m, n, k = product.m, product.n, product.k
    left, right = (
        (1 if shared else product.batch, *(lengths[::-1] if transposed else lengths))
        for lengths, transposed, shared in zip(((m, k), (k, n)), product.transposed, product.shared)
    )
    return left, right, (product.batch, m, n)


def multiplied(
    product: Product, alpha: Any, left: np.ndarray, right: np.ndarray, beta: Any, out: np.ndarray
) -> np.ndarray:
    """alpha * left @ right + beta * out in the type that cuBLAS adds in; out is not read where beta is 0."""
    wide = "float32" if product.dtype in SHORT else product.dtype
    a, b = (matrix.astype(wide) for matrix in (left, right))
    if product.tf32 and product.dtype == "float32":
        a, b = rounded_to_tf32(a), rounded_to_tf32(b)
    a, b = (matrix.swapaxes(1, 2) if swapped else matrix for matrix, swapped in zip((a, b), product.transposed))
    with np.errstate(all="ignore"):
        found = np.multiply(alpha, a @ b, dtype=wide)
        return found + np.multiply(beta, out.astype(wide), dtype=wide) if beta else found


def finished(product: Product, found: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """What cuBLASLt stores: the epilogue is done in the type of the sums. Its relu makes 0 of NaN."""
    with np.errstate(all="ignore"):
        if bias is not None:
            found = found + bias.astype(found.dtype)
        return np.where(found > 0, found, found.dtype.type(0)) if product.relu else found


def rounded_to_tf32(x: np.ndarray) -> np.ndarray:
    """float32 with 10 bits behind the point: to nearest, ties away from zero, as tensor cores take them."""
    bits = x.view("uint32")
    kept = (bits + np.uint32(1 << (TF32_BITS - 1))) & ~np.uint32((1 << TF32_BITS) - 1)
    return np.where(np.isfinite(x), kept, bits).view("float32")

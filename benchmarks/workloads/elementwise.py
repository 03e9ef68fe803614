"""Fused elementwise work: dense, broadcast, transposed and strided."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import DTYPES, Workload
from benchmarks.workloads.inputs import normals

SIZES = {"1000": 1_000, "1e6": 1_000_000, "1e7": 10_000_000}


def logistic(xp: Any, x: Any, y: Any, z: Any) -> Any:
    return 1 / (1 + xp.exp(-(x + y + z)))


def ew15(xp: Any, x: Any, y: Any, z: Any) -> Any:
    t = xp.tanh(x * y + z)
    u = xp.exp(-(t * t))
    v = xp.log1p(u + x * x)
    w = xp.sqrt(v + y * y)
    return (w * t + u) / v


EW15_NUMEXPR = (
    "(sqrt(log1p(exp(-tanh(x*y + z)**2) + x*x) + y*y) * tanh(x*y + z) + exp(-tanh(x*y + z)**2))"
    " / log1p(exp(-tanh(x*y + z)**2) + x*x)"
)


def bcast(xp: Any, x: Any, row: Any, column: Any) -> Any:
    return (x - row) * column[:, None]


def transposed(xp: Any, x: Any, y: Any) -> Any:
    return x + 2 * y.T


def strided(xp: Any, x: Any, y: Any) -> Any:
    return x[::2] * y[::2] + 1


def views(xp: Any, x: Any, y: Any) -> Any:
    return x * y + 1


def where(xp: Any, x: Any) -> Any:
    return xp.where(x > 0, x, xp.exp(x) - 1)


def broadcast_inputs(rows: int, columns: int) -> Any:
    def inputs(random: np.random.Generator) -> tuple[np.ndarray, ...]:
        return tuple(random.standard_normal(shape).astype("float32") for shape in ((rows, columns), columns, rows))

    return inputs


def transposed_inputs(random: np.random.Generator) -> tuple[np.ndarray, ...]:
    return tuple(random.standard_normal(shape).astype("float32") for shape in ((2000, 1000), (1000, 2000)))


def view_inputs(random: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Arrays that are not contiguous: a column-major matrix, and every second column of a wider one."""
    wide = random.standard_normal((1000, 2000)).astype(DTYPES["f32"])
    return np.asfortranarray(random.standard_normal((1000, 1000)).astype(DTYPES["f32"])), wide[:, ::2]


WORKLOADS = [
    *(
        Workload(
            f"logistic[{label}]:{tag}",
            normals(3, (size,), tag),
            logistic,
            numexpr="1 / (1 + exp(-(x + y + z)))",
        )
        for label, size in SIZES.items()
        for tag in ("f32", "f64")
    ),
    *(
        Workload(f"ew15[{label}]:{tag}", normals(3, (size,), tag), ew15, numexpr=EW15_NUMEXPR)
        for label, size in SIZES.items()
        for tag in ("f32", "f64")
    ),
    *(
        Workload(
            f"bcast[{rows}x{columns}]:f32",
            broadcast_inputs(rows, columns),
            bcast,
            numexpr="(x - row) * column",
            views=lambda x, row, column: (x, row, column[:, None]),
        )
        for rows, columns in ((2000, 1000), (4000, 2500))
    ),
    Workload(
        "transposed[2000x1000]:f32",
        transposed_inputs,
        transposed,
        numexpr="x + 2*y",
        views=lambda x, y: (x, y.T),
        note="row-major inputs; the transposition is part of the expression",
    ),
    Workload(
        "strided[1e6]:f32",
        normals(2, (2_000_000,), "f32"),
        strided,
        numexpr="x * y + 1",
        views=lambda x, y: (x[::2], y[::2]),
        note="row-major inputs; the slices are part of the expression",
    ),
    Workload(
        "views[1000x1000]:f32",
        view_inputs,
        views,
        numexpr="x * y + 1",
        note="a column-major matrix, and every second column of a wider one, given to every library in each call; "
        "JAX, whose arrays have no strides, copies them each time",
    ),
    Workload("where[1e6]:f32", normals(1, (1_000_000,), "f32"), where, numexpr="where(x > 0, x, exp(x) - 1)"),
]

"""Integer and mixed-dtype expressions."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Workload

SIZE = 1_000_000


def int_ops(xp: Any, x: Any, y: Any) -> Any:
    return ((x * 3 + y) >> 3) ^ (x & y)


def int_ops_without_shift(xp: Any, x: Any, y: Any) -> Any:
    return ((x * 3 + y) // 8) ^ (x & y)


def int_division(xp: Any, x: Any, y: Any) -> Any:
    return x // 7 + y % 5


def mixed(xp: Any, x: Any, y: Any, flag: Any) -> Any:
    return x * y + flag


def integers(random: np.random.Generator) -> tuple[np.ndarray, ...]:
    return tuple(random.integers(-100_000, 100_000, SIZE).astype("int32") for _ in range(2))


def mixed_inputs(random: np.random.Generator) -> tuple[np.ndarray, ...]:
    """float64, int32 and int8: every library promotes these to float64."""
    return (
        random.standard_normal(SIZE),
        random.integers(-100, 100, SIZE).astype("int32"),
        random.integers(0, 2, SIZE).astype("int8"),
    )


WORKLOADS = [
    Workload(
        "int_ops[1e6]:i32",
        integers,
        int_ops,
        numexpr="((x * 3 + y) >> 3) ^ (x & y)",
        own={"pytensor": int_ops_without_shift},
    ),
    # numexpr divides integers as C does, toward zero: it has no spelling of floor division.
    Workload("int_division[1e6]:i32", integers, int_division),
    Workload("mixed[1e6]:f64", mixed_inputs, mixed, numexpr="x * y + flag"),
]

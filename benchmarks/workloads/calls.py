"""What a call costs: almost nothing to compute."""

from __future__ import annotations

from typing import Any

from benchmarks.workload import Workload
from benchmarks.workloads.inputs import normals


def add1(xp: Any, x: Any) -> Any:
    return x + 1


def tiny10(xp: Any, x: Any, y: Any) -> Any:
    total, difference = x + y, x - y
    product = total * difference
    mixed = (product + x) * y - total
    return (mixed * difference + mixed) * 0.5 - x


TINY10_NUMEXPR = (
    "((((x + y) * (x - y) + x) * y - (x + y)) * (x - y) + (((x + y) * (x - y) + x) * y - (x + y))) * 0.5 - x"
)

WORKLOADS = [
    Workload("add1_scalar:f64", normals(1, (), "f64"), add1, numexpr="x + 1"),
    Workload("add1_vec3[3]:f64", normals(1, (3,), "f64"), add1, numexpr="x + 1"),
    Workload("tiny10[3]:f64", normals(2, (3,), "f64"), tiny10, numexpr=TINY10_NUMEXPR),
]

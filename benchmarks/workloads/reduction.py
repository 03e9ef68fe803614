"""Reductions over each axis, and the elementwise work before and after them in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Workload
from benchmarks.workloads.inputs import normals, uniforms

ROWS, COLUMNS = 2000, 1000
MATRIX = f"[{ROWS}x{COLUMNS}]"
EPSILON = 1e-5


def sum_all(xp: Any, x: Any) -> Any:
    return xp.sum(x)


def sum_ax0(xp: Any, x: Any) -> Any:
    return xp.sum(x, axis=0)


def sum_ax1(xp: Any, x: Any) -> Any:
    return xp.sum(x, axis=1)


def max_ax0(xp: Any, x: Any) -> Any:
    return xp.max(x, axis=0)


def max_ax1(xp: Any, x: Any) -> Any:
    return xp.max(x, axis=1)


def sqdist(xp: Any, x: Any, y: Any) -> Any:
    return xp.sum((x - y) ** 2)


def meanvar_ax0(xp: Any, x: Any) -> Any:
    return xp.mean(x, axis=0), xp.var(x, axis=0)


def meanvar_ax1(xp: Any, x: Any) -> Any:
    return xp.mean(x, axis=1), xp.var(x, axis=1)


def meanvar_all(xp: Any, x: Any) -> Any:
    return xp.mean(x), xp.var(x)


def logsumexp(xp: Any, x: Any) -> Any:
    return xp.logsumexp(x, axis=1)


def softmax(xp: Any, x: Any) -> Any:
    return xp.softmax(x, axis=1)


def layernorm(xp: Any, x: Any, scale: Any, shift: Any) -> Any:
    mean = xp.mean(x, axis=1, keepdims=True)
    variance = xp.var(x, axis=1, keepdims=True)
    return (x - mean) / xp.sqrt(variance + EPSILON) * scale + shift


def layernorm_torch(torch: Any, x: Any, scale: Any, shift: Any) -> Any:
    return torch.nn.functional.layer_norm(x, x.shape[1:], scale, shift, EPSILON)


def argmax(xp: Any, x: Any) -> Any:
    return xp.argmax(x, axis=1)


def meanvar_torch(axis: int | None) -> Any:
    def mean_and_variance(torch: Any, x: Any) -> Any:
        variance, mean = torch.var_mean(x, dim=axis, correction=0)
        return mean, variance

    return mean_and_variance


def layernorm_inputs(random: np.random.Generator) -> tuple[np.ndarray, ...]:
    shapes = (ROWS, COLUMNS), (COLUMNS,), (COLUMNS,)
    return tuple(random.standard_normal(shape).astype("float32") for shape in shapes)


def over_matrix(expression: Any, tag: str, **more: Any) -> Workload:
    return Workload(f"{expression.__name__}{MATRIX}:{tag}", uniforms(1, (ROWS, COLUMNS), tag), expression, **more)


WORKLOADS = [
    *(
        Workload(f"sum_all[{label}]:{tag}", uniforms(1, (size,), tag), sum_all, numexpr="sum(x)")
        for label, size in (("1e6", 1_000_000), ("1e7", 10_000_000))
        for tag in ("f32", "f64")
    ),
    over_matrix(sum_ax0, "f32", numexpr="sum(x, axis=0)"),
    over_matrix(sum_ax1, "f32", numexpr="sum(x, axis=1)"),
    over_matrix(max_ax0, "f32", numexpr="max(x, axis=0)"),
    over_matrix(max_ax1, "f32", numexpr="max(x, axis=1)"),
    over_matrix(meanvar_ax0, "f32", own={"torch": meanvar_torch(0)}),
    over_matrix(meanvar_ax1, "f32", own={"torch": meanvar_torch(1)}),
    over_matrix(meanvar_all, "f32", own={"torch": meanvar_torch(None)}),
    *(over_matrix(logsumexp, tag) for tag in ("f32", "f64")),
    *(over_matrix(softmax, tag) for tag in ("f32", "f64")),
    Workload(f"layernorm{MATRIX}:f32", layernorm_inputs, layernorm, own={"torch": layernorm_torch}),
    over_matrix(argmax, "f32"),
    *(
        Workload(f"sqdist[{label}]:{tag}", normals(2, (size,), tag), sqdist, numexpr="sum((x - y)**2)")
        for label, size, tag in (
            ("1e6", 1_000_000, "f32"),
            ("1e6", 1_000_000, "f64"),
            ("1e7", 10_000_000, "f32"),
        )
    ),
]

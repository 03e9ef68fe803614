"""Functions written by hand against bitale.h, to test calls without the emitter."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

from bitale_backend_c import build, loaded
from bitale_backend_c.shim import Form, Kind
from bitale_backend_c.toolchain import INCLUDE

SOURCE = (
    (INCLUDE / "bitale.h").read_text()
    + """
#define FLOATS(number) ((double *)call->inputs[number].data)
#define LENGTH(number) (call->inputs[number].shape[0])
#define NEW(number, shape) double *out##number = call->allocate(call, number, shape); if (!out##number) return -1

int32_t add_one(bitale_call *call)
{
    NEW(0, 0);
    *out0 = *FLOATS(0) + 1;
    return 0;
}

#define ADD_ONE(name, type)                                       \\
    int32_t name(bitale_call *call)                               \\
    {                                                             \\
        type *out = call->allocate(call, 0, 0);                   \\
        if (!out) return -1;                                      \\
        *out = *(type *)call->inputs[0].data + 1;                 \\
        return 0;                                                 \\
    }
ADD_ONE(add_one_float32, float)
ADD_ONE(add_one_int64, int64_t)
ADD_ONE(add_one_int8, int8_t)

int32_t add_one_vector(bitale_call *call)
{
    int64_t n = LENGTH(0);
    NEW(0, &n);
    for (int64_t i = 0; i < n; i++)
        out0[i] = *(double *)((char *)FLOATS(0) + i * call->inputs[0].strides[0]) + 1;
    return 0;
}

int32_t copy_matrix(bitale_call *call)
{
    const bitale_array *in = call->inputs;
    NEW(0, in->shape);
    for (int64_t i = 0; i < in->shape[0]; i++)
        for (int64_t j = 0; j < in->shape[1]; j++)
            out0[i * in->shape[1] + j] = *(double *)((char *)in->data + i * in->strides[0] + j * in->strides[1]);
    return 0;
}

/* x, y; the cell w; returns x + y, and w becomes w - (x + y). Uses a workspace. */
int32_t step(bitale_call *call)
{
    int64_t n = LENGTH(0);
    double *sum = call->workspace(call, n * 8);
    if (!sum || ((uintptr_t)sum & 63)) return -1;
    NEW(0, &n);
    NEW(1, &n);
    for (int64_t i = 0; i < n; i++) sum[i] = FLOATS(0)[i] + FLOATS(1)[i];
    for (int64_t i = 0; i < n; i++) out0[i] = sum[i], out1[i] = FLOATS(2)[i] - sum[i];
    return 0;
}

/* x; the donated cell w: w[0] = x[0], then w[i] = w[i] - x[i] for i > 0 reads x after the first write. */
int32_t descend(bitale_call *call)
{
    int64_t n = LENGTH(0);
    double *w = FLOATS(1);
    for (int64_t i = 0; i < n; i++) w[i] = w[i] - FLOATS(0)[n - 1 - i];
    return 0;
}

/* x and the cell w: fails where x has another length than w. */
int32_t checked(bitale_call *call)
{
    int64_t n = LENGTH(0);
    NEW(0, &n);
    if (n != LENGTH(1)) {
        call->failure[0] = n;
        call->failure[1] = LENGTH(1);
        return 7;
    }
    for (int64_t i = 0; i < n; i++) out0[i] = FLOATS(0)[i];
    return 0;
}

int32_t positive(bitale_call *call)
{
    int64_t n = LENGTH(0), count = 0, place = 0;
    for (int64_t i = 0; i < n; i++) count += FLOATS(0)[i] > 0;
    NEW(0, &count);
    for (int64_t i = 0; i < n; i++) if (FLOATS(0)[i] > 0) out0[place++] = FLOATS(0)[i];
    return 0;
}

/* x and the constant c: returns x + c and x * c. */
int32_t two(bitale_call *call)
{
    int64_t n = LENGTH(0);
    NEW(0, &n);
    NEW(1, &n);
    for (int64_t i = 0; i < n; i++) out0[i] = FLOATS(0)[i] + *FLOATS(1), out1[i] = FLOATS(0)[i] * *FLOATS(1);
    return 0;
}

int32_t too_large(bitale_call *call)
{
    int64_t shape[2] = {(int64_t)1 << 40, (int64_t)1 << 40};
    return call->allocate(call, 0, shape) ? 0 : -1;
}

int32_t greedy(bitale_call *call) { return call->workspace(call, (int64_t)1 << 60) ? 0 : -1; }

int32_t scratch_twice(bitale_call *call)
{
    char *one = call->workspace(call, 100), *other = call->workspace(call, 100000);
    if (!one || !other || ((uintptr_t)one & 63) || ((uintptr_t)other & 63)) return -1;
    for (int k = 0; k < 100; k++) one[k] = 1;
    for (int k = 0; k < 100000; k++) other[k] = 2;
    NEW(0, 0);
    *out0 = one[99] + other[99999];
    return 0;
}

int32_t thread_count(bitale_call *call)
{
    NEW(0, 0);
    *out0 = call->threads;
    return 0;
}

int32_t total(bitale_call *call)
{
    NEW(0, 0);
    *out0 = 0;
    for (int64_t i = 0; i < LENGTH(0); i++) *out0 += FLOATS(0)[i];
    return 0;
}
"""
)

FLOAT64 = np.dtype("float64").num
NUMBER = (FLOAT64, 0, False, None)
VECTOR = (FLOAT64, 1, True, None)
STRIDED = (FLOAT64, 1, False, None)
MATRIX = (FLOAT64, 2, False, None)


@functools.cache
def library() -> Path:
    return build.build(SOURCE)


def returned(ndim: int, dtype: str = "float64") -> tuple[int, int, int, int]:
    return np.dtype(dtype).num, ndim, Kind.RETURN, -1


def convert(number: int, value: Any) -> Any:
    """What a frontend would do with an argument that is no float64 array in row-major order."""
    if value is None or isinstance(value, str):
        raise TypeError(f"input {number} is no array")
    return np.require(np.asarray(value).astype("float64"), requirements=("C", "A", "W"))


def fail(code: int, *values: int) -> None:
    raise ValueError(f"failure {code}: {values}")


def wrong_arguments(positional: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[Any, ...]:
    if set(keywords) == {"x"} and not positional:
        return (keywords["x"],)
    raise TypeError(f"{len(positional)} arguments and {sorted(keywords)}")


def function(module: Any, entry: str, inputs: Any, outputs: Any, **options: Any) -> Any:
    """A Function of the shim or of the fallback over a function of SOURCE."""
    options = {"cells": (), "constants": (), "form": Form.SINGLE, "convert": convert, **options}
    address = loaded.load(library(), entry)
    return module.Function(
        address, entry, tuple(inputs), outputs=tuple(outputs), fail=fail, wrong_arguments=wrong_arguments, **options
    )

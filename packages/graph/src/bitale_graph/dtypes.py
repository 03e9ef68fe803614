"""The dtypes an array may have, and NumPy 2's promotion among them and Python's weak scalars.

bfloat16 is that of ml_dtypes, which JAX and others use, too. NumPy does not say what it promotes to: here it does so as
in JAX among floats; it holds integers of 8 bits, and wider ones widen it as they widen float16.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import ml_dtypes  # from here on NumPy knows the name bfloat16
import numpy as np

from bitale_graph.errors import DtypeError

BOOL = ("bool",)
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "bfloat16", "float32", "float64")
SHORT = ("float16", "bfloat16")  # kept in 16 bits, computed in float32
COMPLEX = ("complex64", "complex128")
INTEGERS = SIGNED + UNSIGNED
DTYPES = BOOL + INTEGERS + FLOATS + COMPLEX
INEXACT = FLOATS + COMPLEX

SIZE = "int64"  # the dtype of sizes, indices and counts

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
WEAK = (int, float, complex)
IN_BFLOAT16 = ("bool", "int8", "uint8", "bfloat16")  # what it holds without rounding


def as_dtype(dtype: object) -> str:
    """The canonical name of `dtype` (a name, a NumPy dtype or a Python type).

    Raises DtypeError for a dtype that arrays cannot have, such as object or a string dtype.
    """
    if type(dtype) is str and dtype in DTYPES:
        return dtype
    try:
        name = _name(np.dtype(dtype))  # type: ignore[call-overload]
    except TypeError:
        raise DtypeError(f"{dtype!r} is no dtype; known dtypes are {', '.join(DTYPES)}") from None
    if name not in DTYPES:
        raise DtypeError(f"arrays of dtype {name} are not supported; known dtypes are {', '.join(DTYPES)}")
    return name


_name = lru_cache(lambda dtype: dtype.name)  # NumPy computes the name anew each time


def kind(dtype: np.dtype) -> str:
    """NumPy's letter for the kind of a dtype; "f" for bfloat16, too, which NumPy calls void."""
    return "f" if dtype == BFLOAT16 else dtype.kind


def limits(dtype: object) -> Any:
    """numpy.finfo of a floating or complex dtype."""
    return ml_dtypes.finfo(np.dtype(dtype))  # type: ignore[call-overload]


def real_dtype(dtype: str) -> str:
    """The dtype of the real part: complex64 -> float32, complex128 -> float64, others themselves."""
    return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)


def complex_dtype(dtype: str) -> str:
    """The complex dtype that holds `dtype`: float32 and smaller floats -> complex64, else complex128."""
    return "complex64" if dtype in (*SHORT, "float32", "complex64") else "complex128"


def is_differentiable(dtype: str) -> bool:
    """Whether derivatives with respect to such an array exist (floating or complex)."""
    return dtype in INEXACT


def is_weak(value: object) -> bool:
    """Whether `value` is a Python scalar, which adapts to the dtype it meets (NumPy 2, NEP 50)."""
    return type(value) in WEAK or type(value) is bool


def numpys(operands: Sequence[Any]) -> tuple[list[Any], dict[str, str]]:
    """Dtypes as NumPy promotes them, and what its answer is to be called. Python's scalars, or their types, stay.

    With what it holds, and with Python's real numbers, bfloat16 promotes as float16 does; with others as float32.
    """
    names = [o if o in WEAK or is_weak(o) else as_dtype(o) for o in operands]
    alone = all(o in IN_BFLOAT16 for o in names if isinstance(o, str))
    place = "float16" if alone else "float32"
    given = [np.dtype(place if o == "bfloat16" else o) if isinstance(o, str) else o for o in names]
    return given, {"float16": "bfloat16"} if alone and "bfloat16" in names else {}


def result_type(*operands: Any) -> str:
    """The dtype that arrays of some dtypes and Python's scalars (or their types) have together."""
    given, called = numpys(operands)
    name = np.result_type(*[o(0) if isinstance(o, type) else o for o in given]).name
    return called.get(name, name)


def can_cast(source: object, target: object, casting: Literal["no", "safe", "same_kind", "unsafe"] = "safe") -> bool:
    """numpy.can_cast; among floats, bfloat16 is one of them."""
    given, wanted = (np.dtype(dtype) for dtype in (source, target))  # type: ignore[call-overload]
    if casting == "same_kind":
        given, wanted = (np.dtype("float16") if dtype == BFLOAT16 else dtype for dtype in (given, wanted))
    return np.can_cast(given, wanted, casting)


def is_masked(value: object) -> bool:
    """Whether `value` is a masked array with masked elements, of which nothing can be computed."""
    masked = sys.modules.get("numpy.ma")  # importing it takes a while, and who has such an array has done so
    return masked is not None and isinstance(value, masked.MaskedArray) and bool(masked.is_masked(value))


def convert(array: np.ndarray, dtype: str) -> np.ndarray:
    """`array` in another dtype as astype converts, silently; complex to real drops the imaginary part."""
    if array.dtype.kind == "c" and np.dtype(dtype).kind not in "cb":
        array = array.real
    if array.dtype == object:  # Python's large integers, which ml_dtypes does not convert
        array = array.astype("float64")
    with np.errstate(all="ignore"):
        return array.astype(dtype)

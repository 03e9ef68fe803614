"""The names of types in CUDA: C++ has no complex numbers built in, and no half precision that tests can emulate."""

from __future__ import annotations

import re

from bitale_backend_c.emit.ctypes import C_TYPES

NAMES = {"float _Complex": "bitale_c64", "double _Complex": "bitale_c128", "_Float16": "bitale_f16"}
TYPES = {dtype: NAMES.get(name, name) for dtype, name in C_TYPES.items()}
FUNCTIONS = {"bitale_exp_f32": "expf"}  # fast there without a polynomial of ours
SPELLED = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in (*NAMES, *FUNCTIONS)))


def in_cuda(text: str) -> str:
    """C text with the names that types and functions have in CUDA."""
    return SPELLED.sub(lambda found: (NAMES | FUNCTIONS)[found[0]], text)

"""Loops written by hand for numba: what a careful person gets, and a bound for the compilers."""

from __future__ import annotations

import os
from typing import Any

import numba

# What NumPy's own sums allow themselves; NaN and infinity keep their meaning.
_FAST = {"reassoc", "contract", "nsz", "arcp"}
_PARALLEL = int(os.environ.get("NUMBA_NUM_THREADS", "1")) > 1

short = numba.njit(cache=True, fastmath=_FAST)
loop = numba.njit(cache=True, fastmath=_FAST, parallel=_PARALLEL)


def find(stem: str) -> Any:
    """The loop for a workload of this stem, or None."""
    from benchmarks.loops import elementwise, models, recurrent, reduction

    families = (elementwise, reduction, models, recurrent)
    return next((vars(family)[stem] for family in families if stem in vars(family)), None)

"""How each library is given a workload.

A module here has `start(threads)` and `COLUMNS`: for each column of the tables a function from a workload to the
`Call` that is timed, or to None where the library has nothing to offer. A column whose name has a slash is a
variant of the one before the slash.
"""

from __future__ import annotations

from types import MappingProxyType

COLUMNS = MappingProxyType(
    {
        "bitale": ("bitale",),
        "numpy": ("numpy",),
        "numexpr": ("numexpr",),
        "numba": ("numba",),
        "pytensor": ("pytensor-c", "pytensor-numba"),
        "jax": ("jax", "jax/numpy"),
        "torch": ("torch", "torch-compile"),
    }
)
"""The columns of each module, known without importing it."""

"""Random numbers, drawn and transformed, anew at every call.

Every library has a generator of its own, so deciles are compared instead of numbers. Those that draw by keys are given
one; the others ignore it and keep a state.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Workload

COUNT = 1_000_000
FASTEST = np.random.Generator(np.random.SFC64(0))  # of NumPy's generators
DECILES = np.linspace(0.1, 0.9, 9)


def lognormals(xp: Any, key: Any) -> Any:
    return xp.exp(xp.random.normal(key, (COUNT,), "float32"))


def lognormals_jax(xp: Any, key: Any) -> Any:
    import jax

    return xp.exp(jax.random.normal(jax.random.wrap_key_data(key.astype("uint32")), (COUNT,), "float32"))


def lognormals_numpy(key: np.ndarray) -> np.ndarray:
    numbers = FASTEST.standard_normal(COUNT, "float32")
    return np.exp(numbers, out=numbers)


def lognormals_torch(xp: Any, key: Any) -> Any:
    return xp.randn(COUNT).exp_()


def lognormals_pytensor(xp: Any, key: Any) -> Any:
    import pytensor

    state = pytensor.shared(np.random.Generator(np.random.SFC64(0)), borrow=True)
    state.default_update, numbers = xp.random.normal(size=(COUNT,), dtype="float32", rng=state).owner.outputs
    return xp.exp(numbers)


def deciles(numbers: np.ndarray) -> np.ndarray:
    return np.quantile(numbers, DECILES)


WORKLOADS = [
    Workload(
        "lognormals[1e6]:f32",
        lambda random: (random.integers(0, 2**63, 2, "uint64"),),
        lognormals,
        numpy=lognormals_numpy,
        own={"jax": lognormals_jax, "torch": lognormals_torch, "pytensor": lognormals_pytensor},
        compared=deciles,
        tolerance=0.01,  # five standard errors of the ninth decile
    ),
]

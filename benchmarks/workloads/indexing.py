"""An embedding: rows gathered from a table, and a step of gradient descent that touches only those rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import LEARNING_RATE, Workload

WORDS, WIDTH, BATCH = 20_000, 128, 8192


def embed_gather(xp: Any, table: Any, words: Any) -> Any:
    return table[words]


def embed_sgd(xp: Any, table: Any, words: Any, targets: Any) -> Any:
    return 0.5 * xp.sum((table[words] - targets) ** 2)


def embed_sgd_numpy(table: Any, words: Any, targets: Any) -> Any:
    error = table[words]
    error -= targets
    flat = error.ravel()
    loss = 0.5 * (flat @ flat)
    error *= LEARNING_RATE
    np.subtract.at(table, words, error)
    return loss


def embed_sgd_jax(jnp: Any, table: Any, words: Any, targets: Any) -> Any:
    error = table[words] - targets
    return 0.5 * jnp.sum(error**2), (table.at[words].add(-LEARNING_RATE * error),)


def embed_sgd_torch(torch: Any, table: Any, words: Any, targets: Any) -> Any:
    error = table[words] - targets
    table.index_add_(0, words, error, alpha=-LEARNING_RATE)
    return 0.5 * (error**2).sum()


def lookups(random: np.random.Generator) -> tuple[np.ndarray, ...]:
    return random.standard_normal((WORDS, WIDTH)).astype("float32"), random.integers(0, WORDS, BATCH)


def lookups_and_targets(random: np.random.Generator) -> tuple[np.ndarray, ...]:
    return *lookups(random), random.standard_normal((BATCH, WIDTH)).astype("float32")


WORKLOADS = [
    Workload("embed_gather:f32", lookups, embed_gather),
    Workload(
        "embed_sgd:f32",
        lookups_and_targets,
        embed_sgd,
        embed_sgd_numpy,
        kind="train",
        parameters=1,
        own={"jax": embed_sgd_jax, "torch": embed_sgd_torch},
    ),
]

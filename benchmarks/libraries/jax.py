"""JAX: jitted, parameters donated; with arrays already on its device, and with NumPy arrays in and out.

Its own arrays have no strides: a strided one stays NumPy's, and is transferred in each call.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.workload import LEARNING_RATE, Call, Names, Workload


def cross_entropy(logits: Any, labels: Any) -> Any:
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits, axis=1), labels[:, None], axis=1))


def binary_cross_entropy(logits: Any, targets: Any) -> Any:
    return jnp.mean(jnp.logaddexp(0, logits) - targets * logits)


NAMES = Names(
    jnp,
    softmax=jax.nn.softmax,
    logsumexp=jax.nn.logsumexp,
    cross_entropy=cross_entropy,
    binary_cross_entropy=binary_cross_entropy,
    scan=jax.lax.scan,
    while_loop=jax.lax.while_loop,
)


def start(threads: int) -> None:
    """JAX's pool follows the cores the process may use, which the worker has set."""
    jax.config.update("jax_enable_x64", True)


def build(from_numpy: bool, workload: Workload) -> Call:
    arrays = workload.arrays()
    placed = arrays if from_numpy else tuple(jnp.array(a) if a.flags.c_contiguous else a for a in arrays)
    if workload.kind == "train":
        return training(workload, arrays, placed[workload.parameters :])
    function = jax.jit(forward(workload))
    if from_numpy:
        return Call(lambda *inputs: jax.tree.map(np.asarray, function(*inputs)), placed)
    return Call(lambda *inputs: jax.block_until_ready(function(*inputs)), placed)


def forward(workload: Workload) -> Any:
    expression = partial(workload.own.get("jax", workload.expression), NAMES)
    if workload.kind == "value_and_gradient":
        differentiate = jax.value_and_grad(expression, argnums=tuple(range(workload.parameters)))
        return lambda *inputs: flatten(*differentiate(*inputs))
    if workload.kind == "hessian_vector_product":
        return lambda w, *data: jax.jvp(lambda v: jax.grad(expression)(v, *data), (w,), (data[-1],))[1]
    return expression


def flatten(value: Any, gradients: tuple[Any, ...]) -> tuple[Any, ...]:
    return value, *gradients


def training(
    workload: Workload, arrays: tuple[Any, ...], data: tuple[Any, ...], wait: Any = jax.block_until_ready
) -> Call:
    count = workload.parameters
    differentiate = jax.value_and_grad(partial(workload.expression, NAMES), argnums=tuple(range(count)))

    def step(parameters: tuple[Any, ...], *data: Any) -> tuple[Any, tuple[Any, ...]]:
        if "jax" in workload.own:
            return workload.own["jax"](jnp, *parameters, *data)
        loss, gradients = differentiate(*parameters, *data)
        return loss, tuple(p - LEARNING_RATE * g for p, g in zip(parameters, gradients))

    compiled = jax.jit(step, donate_argnums=0)
    parameters = tuple(jnp.array(array) for array in arrays[:count])

    def train(*data: Any) -> Any:
        nonlocal parameters
        loss, parameters = compiled(parameters, *data)
        wait(parameters)
        return loss

    return Call(train, data, lambda: parameters)


COLUMNS = {"jax": partial(build, False), "jax/numpy": partial(build, True)}

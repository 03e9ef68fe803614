"""Loops: a map iterated, likelihoods of time series, recurrent networks, Newton's method until it is exact enough.

`xp.scan(step, carries, xs, length)` and `xp.while_loop(condition, step, carry)` have JAX's form in every library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.workload import DTYPES, LEARNING_RATE, Workload

STEPS, PERIODS = 10_000, 5_000
WEIGHT = 100  # of the networks' losses: steps that show beside the rounding of weights


# ---- scalars ---------------------------------------------------------------------------------------------------------


def logistic_map(xp: Any, rate: Any, x: Any) -> Any:
    (last,), _ = xp.scan(lambda carries, _: ((rate * carries[0] * (1 - carries[0]),), None), (x,), None, STEPS)
    return last


def ar1(xp: Any, slope: Any, mean: Any, log_scale: Any, y: Any) -> Any:
    """The log-likelihood of deviations from the mean that fade by `slope`."""
    first = y[0] - mean

    def step(carries: Any, value: Any) -> Any:
        (before,) = carries
        error = (value - mean - slope * before) * xp.exp(-log_scale)
        return (value - mean,), error * error

    _, squares = xp.scan(step, (first,), y)
    return -0.5 * xp.sum(squares) - PERIODS * log_scale


def ar1_numpy(slope: Any, mean: Any, log_scale: Any, y: Any) -> Any:
    deviation = y - mean
    before = np.concatenate([deviation[:1], deviation[:-1]])
    scale = np.exp(-log_scale)
    error = (deviation - slope * before) * scale
    square = error @ error
    by_mean = scale * (np.sum(error) * (1 - slope))
    return -0.5 * square - PERIODS * log_scale, scale * (error @ before), by_mean, square - PERIODS


def garch(xp: Any, base: Any, shock: Any, memory: Any, y: Any) -> Any:
    """The log-likelihood of returns whose variance remembers shocks."""

    def step(carries: Any, value: Any) -> Any:
        (variance,) = carries
        return (base + shock * value * value + memory * variance,), xp.log(variance) + value * value / variance

    _, terms = xp.scan(step, (xp.mean(y * y),), y)
    return -0.5 * xp.sum(terms)


def garch_numpy(base: Any, shock: Any, memory: Any, y: Any) -> Any:
    squares = y * y
    variance, slopes = squares.mean(), np.zeros(3)
    value, gradient = 0.0, np.zeros(3)
    for square in squares:
        value += np.log(variance) + square / variance
        gradient += (1 / variance - square / variance**2) * slopes
        slopes = np.array([1.0, square, variance]) + memory * slopes
        variance = base + shock * square + memory * variance
    return -0.5 * value, *(-0.5 * gradient)


def newton(xp: Any, x: Any) -> Any:
    """The square root, to twelve digits."""
    return xp.while_loop(lambda r: abs(r * r - x) > 1e-12 * x, lambda r: 0.5 * (r + x / r), x)


# ---- recurrent networks ----------------------------------------------------------------------------------------------


def rnn(xp: Any, w: Any, u: Any, b: Any, x: Any, h: Any) -> Any:
    def step(carries: Any, value: Any) -> Any:
        new = xp.tanh(value @ w + carries[0] @ u + b)
        return (new,), new

    return xp.scan(step, (h,), x)[1]


def rnn_train(xp: Any, w: Any, u: Any, b: Any, x: Any, h: Any) -> Any:
    return WEIGHT * xp.mean(rnn(xp, w, u, b, x, h) ** 2)


def rnn_numpy(w: Any, u: Any, b: Any, x: Any, h: Any) -> Any:
    before, states = x @ w + b, np.empty((*x.shape[:2], h.shape[1]), x.dtype)
    for t in range(len(x)):
        h = np.tanh(before[t] + h @ u, out=states[t])
    return states


def rnn_train_numpy(w: Any, u: Any, b: Any, x: Any, h: Any) -> Any:
    states = rnn_numpy(w, u, b, x, h)
    deltas, back = np.empty_like(states), np.zeros_like(h)
    factor = states.dtype.type(2 * WEIGHT / states.size)
    for t in reversed(range(len(x))):
        deltas[t] = (back + factor * states[t]) * (1 - states[t] ** 2)
        back = deltas[t] @ u.T
    loss = WEIGHT * np.mean(states**2)
    descend((w, u, b), x, np.concatenate([h[None], states[:-1]]), deltas)
    return loss


def descend(parameters: Any, x: Any, before: Any, deltas: Any) -> None:
    """Change the weights by the gradients of all steps at once."""
    w, u, b = parameters
    flat = deltas.reshape(-1, deltas.shape[2])
    w -= LEARNING_RATE * (x.reshape(-1, x.shape[2]).T @ flat)
    u -= LEARNING_RATE * (before.reshape(-1, before.shape[2]).T @ flat)
    b -= LEARNING_RATE * flat.sum(axis=0)


def lstm(xp: Any, w: Any, u: Any, b: Any, x: Any, h: Any) -> Any:
    size = h.shape[1]

    def step(carries: Any, value: Any) -> Any:
        state, cell = carries
        z = value @ w + state @ u + b
        new = sigmoid(xp, z[:, size : 2 * size]) * cell
        new = new + sigmoid(xp, z[:, :size]) * xp.tanh(z[:, 2 * size : 3 * size])
        out = sigmoid(xp, z[:, 3 * size :]) * xp.tanh(new)
        return (out, new), out

    return xp.scan(step, (h, 0 * h), x)[1]


def sigmoid(xp: Any, x: Any) -> Any:
    return 1 / (1 + xp.exp(-x))


def lstm_train(xp: Any, w: Any, u: Any, b: Any, x: Any, h: Any) -> Any:
    return WEIGHT * xp.mean(lstm(xp, w, u, b, x, h) ** 2)


def lstm_torch(xp: Any, w: Any, u: Any, b: Any, x: Any, h: Any) -> Any:
    """torch's own fused layer."""
    import torch

    weights = [w.T, u.T, b, torch.zeros_like(b)]
    return torch.lstm(x, (h[None], 0 * h[None]), weights, True, 1, 0.0, True, False, False)[0]


def lstm_train_torch(torch: Any, w: Any, u: Any, b: Any, x: Any, h: Any) -> Any:
    parameters = [v.detach().requires_grad_() for v in (w, u, b)]
    loss = WEIGHT * torch.mean(lstm_torch(torch, *parameters, x, h) ** 2)
    gradients = torch.autograd.grad(loss, parameters)
    torch._foreach_sub_([w, u, b], list(gradients), alpha=LEARNING_RATE)
    return loss.detach()


def lstm_steps(w: Any, u: Any, b: Any, x: Any, h: Any) -> tuple[Any, Any, Any]:
    """States, cells and gates of all steps."""
    size, before = h.shape[1], x @ w + b
    states, cells = np.empty((*x.shape[:2], size), x.dtype), np.empty((*x.shape[:2], size), x.dtype)
    cell = np.zeros_like(h)
    for t, z in enumerate(before):
        z += h @ u
        z[:, 2 * size : 3 * size] *= 2  # tanh(x) = 2 sigmoid(2 x) - 1: one call for all gates
        np.negative(z, out=z)
        np.exp(z, out=z)
        z += 1
        np.reciprocal(z, out=z)
        z[:, 2 * size : 3 * size] = 2 * z[:, 2 * size : 3 * size] - 1
        cell = np.add(z[:, size : 2 * size] * cell, z[:, :size] * z[:, 2 * size : 3 * size], out=cells[t])
        h = np.multiply(z[:, 3 * size :], np.tanh(cell), out=states[t])
    return states, cells, before


def lstm_numpy(w: Any, u: Any, b: Any, x: Any, h: Any) -> Any:
    return lstm_steps(w, u, b, x, h)[0]


def lstm_train_numpy(w: Any, u: Any, b: Any, x: Any, h: Any) -> Any:
    states, cells, gates = lstm_steps(w, u, b, x, h)
    size, deltas = h.shape[1], np.empty_like(gates)
    back, through = np.zeros_like(h), np.zeros_like(h)
    factor = states.dtype.type(2 * WEIGHT / states.size)
    for t in reversed(range(len(x))):
        i, f, g, o = (gates[t][:, k * size : (k + 1) * size] for k in range(4))
        squashed = np.tanh(cells[t])
        out = back + factor * states[t]
        through = through + out * o * (1 - squashed**2)
        cell = cells[t - 1] if t else np.zeros_like(h)
        parts = (through * g * i * (1 - i), through * cell * f * (1 - f), through * i * (1 - g**2))
        np.concatenate([*parts, out * squashed * o * (1 - o)], axis=1, out=deltas[t])
        through = through * f
        back = deltas[t] @ u.T
    loss = WEIGHT * np.mean(states**2)
    descend((w, u, b), x, np.concatenate([h[None], states[:-1]]), deltas)
    return loss


def network(gates: int, batch: int, hidden: int) -> Callable[..., Any]:
    def inputs(random: np.random.Generator) -> tuple[np.ndarray, ...]:
        shapes = [(hidden, gates * hidden), (hidden, gates * hidden), (gates * hidden,), (100, batch, hidden)]
        scales = [hidden**-0.5, hidden**-0.5, 0.1, 1.0, 1.0]
        arrays = [random.standard_normal(shape) for shape in [*shapes, (batch, hidden)]]
        return tuple((scale * a).astype(DTYPES["f32"]) for scale, a in zip(scales, arrays))

    return inputs


def series(*parameters: float) -> Callable[..., Any]:
    return lambda random: (*(np.array(p) for p in parameters), random.standard_normal(PERIODS))


def scalars(*values: float) -> Callable[..., Any]:
    return lambda random: tuple(np.array(value) for value in values)


SIZES = ((32, 128), (1, 32))
UNROLLED = {"torch-compile": "it unrolls the loop, and compiles thousands of steps for longer than the limit"}
WORKLOADS = [
    Workload(f"logistic_map[{STEPS}]:f64", scalars(3.6, 0.3), logistic_map, tolerance=1e-6, without=UNROLLED),
    Workload("newton:f64", scalars(2.0), newton),
    Workload(f"ar1[{PERIODS}]:f64", series(0.5, 0.1, -0.1), ar1, ar1_numpy, "value_and_gradient", 3, without=UNROLLED),
    Workload(
        f"garch[{PERIODS}]:f64", series(0.1, 0.1, 0.8), garch, garch_numpy, "value_and_gradient", 3, without=UNROLLED
    ),
]
for _batch, _hidden in SIZES:
    _size = f"[100x{_batch}x{_hidden}]:f32"
    WORKLOADS += [
        Workload(f"rnn{_size}", network(1, _batch, _hidden), rnn, rnn_numpy),
        Workload(f"rnn_train{_size}", network(1, _batch, _hidden), rnn_train, rnn_train_numpy, "train", 3),
        Workload(f"lstm{_size}", network(4, _batch, _hidden), lstm, lstm_numpy, own={"torch": lstm_torch}),
        Workload(f"lstm_train{_size}", network(4, _batch, _hidden), lstm_train, lstm_train_numpy, "train", 3,
                 own={"torch": lstm_train_torch}),
    ]  # fmt: skip

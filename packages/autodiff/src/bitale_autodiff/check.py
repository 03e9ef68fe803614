"""check_gradient: derivatives of any function compared with finite differences in random directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bitale_autodiff.arguments import as_list
from bitale_autodiff.errors import GradientCheckError
from bitale_autodiff.gradient import pullback, pushforward
from bitale_graph.dtypes import is_differentiable, kind
from bitale_graph.errors import ArgumentError
from bitale_graph.reference import evaluate
from bitale_graph.types import tensor_type
from bitale_graph.variable import Constant, Variable

Arrays = Sequence[np.ndarray]
Build = Callable[..., Any]


def check_gradient(
    function: Build,
    point: Any,
    order: int = 2,
    static: bool = True,
    step: float = 1e-6,
    tolerance: float = 1e-5,
    rng: np.random.Generator | int = 0,
) -> None:
    """Raise GradientCheckError unless the derivatives of `function` at `point` agree with finite differences.

    `function` takes variables and builds one expression or a list of them; `point` is an array or a list of arrays.
    Floating arrays are taken in double precision; integers and booleans are not differentiated. A random direction d
    and random weights w are drawn; pushforward(d) is compared with the central difference along d, and
    <pullback(w), d> with <w, pushforward(d)>. Then the same for the pullback as a function, up to `order`. Errors are
    measured against `tolerance` times 1 + the size of what is compared. With `static` False lengths are unknown to
    the types (save those that are 1).
    """
    rng = np.random.default_rng(rng)
    arrays = [_double(np.asarray(a)) for a in as_list(point)]
    if not any(is_differentiable(a.dtype.name) for a in arrays):
        raise ArgumentError("check_gradient: none of the arrays at this point has a floating dtype")
    for degree in range(1, order + 1):
        _check_order(function, arrays, degree, static, step, tolerance, rng)
        function = _pulled(function, rng)


verify_grad = check_gradient  # Theano's name


def _double(array: np.ndarray) -> np.ndarray:
    kinds = {"f": "float64", "c": "complex128"}
    return array.astype(kinds.get(kind(array.dtype), array.dtype))


def _check_order(
    function: Build, arrays: Arrays, degree: int, static: bool, step: float, tolerance: float, rng: np.random.Generator
) -> None:
    inputs = [_variable(a, static) for a in arrays]
    outputs = _differentiable(as_list(function(*inputs)))
    wrt = [x for x in inputs if is_differentiable(x.dtype)]
    directions = [_random(a, rng) for a in arrays if is_differentiable(a.dtype.name)]
    at = dict(zip(inputs, arrays, strict=True))
    values = evaluate(outputs, at)
    weights = [_random(v, rng) for v in values]

    numeric = _difference(outputs, at, wrt, directions, step)
    tangents = pushforward(outputs, wrt, [Constant(d) for d in directions], disconnected_outputs="ignore")
    forward = evaluate(tangents, at)
    for k, (wanted, came) in enumerate(zip(numeric, forward, strict=True)):
        _compare(f"order {degree}: the pushforward of output {k}", came, wanted, tolerance)

    cotangents = pullback(outputs, wrt, [Constant(w) for w in weights], disconnected_inputs="ignore")
    reverse = evaluate(cotangents, at)
    for x, g in zip(wrt, reverse, strict=True):
        if g.shape != at[x].shape:
            raise GradientCheckError(f"order {degree}: the gradient has shape {g.shape}, its variable {at[x].shape}")
    _compare(f"order {degree}: the pullback", _inner(reverse, directions), _inner(weights, numeric), tolerance)


def _pulled(function: Build, rng: np.random.Generator) -> Build:
    """The pullback of `function` with random weights, as a function of the same arguments."""
    state = rng.integers(1 << 32)

    def pulled(*inputs: Variable) -> list[Variable]:
        outputs = _differentiable(as_list(function(*inputs)))
        wrt = [x for x in inputs if is_differentiable(x.dtype)]
        draw = np.random.default_rng(state)
        weights = [_weight(y, draw) for y in outputs]
        return pullback(outputs, wrt, weights, disconnected_inputs="ignore")

    return pulled


def _weight(y: Variable, rng: np.random.Generator) -> Variable:
    """One random number, which the pullback stretches to the shape of y."""
    return Constant(np.asarray(rng.uniform(0.5, 1.5), y.dtype))


def _variable(array: np.ndarray, static: bool) -> Variable:
    return Variable(tensor_type(array.dtype.name, tuple(n if static or n == 1 else None for n in array.shape)))


def _differentiable(outputs: Sequence[Variable]) -> list[Variable]:
    return [y for y in outputs if is_differentiable(y.dtype)]


def _random(like: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    parts = rng.normal(size=(2, *like.shape))
    return np.asarray(parts[0] + 1j * parts[1] if like.dtype.kind == "c" else parts[0], _double(like).dtype)


def _difference(
    outputs: Sequence[Variable],
    at: dict[Variable, np.ndarray],
    wrt: Sequence[Variable],
    directions: Arrays,
    step: float,
) -> list[np.ndarray]:
    """The central difference of the outputs along the directions."""
    ahead, behind = (
        evaluate(outputs, at | {x: np.asarray(at[x] + sign * step * d) for x, d in zip(wrt, directions, strict=True)})
        for sign in (1, -1)
    )
    return [(a - b) / (2 * step) for a, b in zip(ahead, behind, strict=True)]


def _inner(a: Arrays, b: Arrays) -> np.ndarray:
    """The real inner product of lists of real or complex arrays."""
    return np.asarray(sum(np.sum(np.real(np.conj(x) * y)) for x, y in zip(a, b, strict=True)))


def _compare(what: str, came: np.ndarray, wanted: np.ndarray, tolerance: float) -> None:
    error = np.abs(came - wanted)
    allowed = tolerance * (1 + np.abs(wanted))
    if not np.all(error <= allowed):
        raise GradientCheckError(f"{what} is\n{came}\nbut finite differences give\n{wanted}\n"
                                 f"(largest error {np.max(error)}, allowed {np.max(allowed)})")

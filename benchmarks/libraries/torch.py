"""torch: eager with its tape, and torch.compile of the functional transforms."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as functional

from benchmarks.workload import LEARNING_RATE, Call, Names, Workload


def scan(step: Any, carries: Any, xs: Any, length: int | None = None) -> Any:
    collected = []
    for t in range(len(xs) if length is None else length):
        carries, element = step(carries, None if xs is None else xs[t])
        collected.append(element)
    return carries, None if xs is None else torch.stack(collected)


def while_loop(condition: Any, step: Any, carry: Any) -> Any:
    while condition(carry):
        carry = step(carry)
    return carry


NAMES = Names(
    torch,
    max=torch.amax,
    var=partial(torch.var, correction=0),
    cross_entropy=functional.cross_entropy,
    binary_cross_entropy=functional.binary_cross_entropy_with_logits,
    scan=scan,
    while_loop=while_loop,
)


def start(threads: int) -> None:
    torch.set_num_threads(threads)


def build(
    compiled: bool, workload: Workload, place: Callable[[Any], Any] = torch.from_numpy, mode: str | None = None
) -> Call:
    """Eager or compiled (in one of torch's modes); `place` makes tensors of arrays."""
    tensors = [place(array) for array in workload.arrays()]
    if workload.kind == "evaluate":
        function = evaluate(workload)
    elif workload.kind == "train" and "torch" in workload.own:
        function = partial(workload.own["torch"], torch)
    else:
        function = KINDS[workload.kind](workload, functional_derivative if compiled else taped_derivative)
    if compiled and mode is None:
        torch.compiler.reset()
    if compiled:
        function = torch.compile(function, dynamic=False, mode=mode)
    return Call(function, tensors, lambda: tensors[: workload.trained])


def evaluate(workload: Workload) -> Callable[..., Any]:
    return partial(workload.own.get("torch", workload.expression), NAMES)


def functional_derivative(workload: Workload) -> Callable[..., Any]:
    """(gradients, value) by torch.func, which torch.compile looks through."""
    return torch.func.grad_and_value(evaluate(workload), argnums=tuple(range(workload.parameters)))


def taped_derivative(workload: Workload) -> Callable[..., Any]:
    """(gradients, value) by the tape, which is faster than torch.func without a compiler."""
    expression, count = evaluate(workload), workload.parameters

    def differentiate(*tensors: Any) -> tuple[Any, Any]:
        parameters = [tensor.detach().requires_grad_() for tensor in tensors[:count]]
        value = expression(*parameters, *tensors[count:])
        return torch.autograd.grad(value, parameters), value.detach()

    return differentiate


def value_and_gradient(workload: Workload, derivative: Callable[..., Any]) -> Callable[..., Any]:
    differentiate = derivative(workload)

    def forward(*tensors: Any) -> tuple[Any, ...]:
        gradients, value = differentiate(*tensors)
        return value, *gradients

    return forward


def train(workload: Workload, derivative: Callable[..., Any]) -> Callable[..., Any]:
    differentiate = derivative(workload)

    def step(*tensors: Any) -> Any:
        gradients, loss = differentiate(*tensors)
        torch._foreach_sub_(list(tensors[: workload.parameters]), list(gradients), alpha=LEARNING_RATE)
        return loss

    return step


def product(workload: Workload, derivative: Callable[..., Any]) -> Callable[..., Any]:
    """Forward over reverse where there is a compiler, else the tape twice."""
    expression = evaluate(workload)
    if derivative is functional_derivative:
        gradient = torch.func.grad(expression)
        return lambda w, *data: torch.func.jvp(lambda v: gradient(v, *data), (w,), (data[-1],))[1]

    def forward(w: Any, *data: Any) -> Any:
        w = w.detach().requires_grad_()
        (slope,) = torch.autograd.grad(expression(w, *data), w, create_graph=True)
        return torch.autograd.grad(slope, w, data[-1])[0]

    return forward


KINDS = {"value_and_gradient": value_and_gradient, "train": train, "hessian_vector_product": product}
COLUMNS = {"torch": partial(build, False), "torch-compile": partial(build, True)}

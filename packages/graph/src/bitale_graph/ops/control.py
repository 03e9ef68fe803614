"""Ops about the graph itself: named sub-graphs, gradient barriers, run-time checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bitale_graph.errors import ShapeError
from bitale_graph.graph import Graph
from bitale_graph.types import TensorType
from bitale_graph.variable import Op


@dataclass(frozen=True, eq=False)
class Composite(Op):
    """A sub-graph with a name, such as softmax: rules look at the name or go through the body.

    Two composites are equal when their names, parameters and input types are: the body follows from these. A user's
    sub-graph has a unique object among its parameters instead. `key` are the parameters as hashable values.
    """

    label: str
    key: tuple[Any, ...]
    body: Graph

    @property
    def name(self) -> str:
        return self.label

    def __str__(self) -> str:
        return f"{self.label}{{{', '.join(f'{k}={v}' for k, v in self.key)}}}" if self.key else self.label

    @property
    def _identity(self) -> tuple[Any, ...]:
        return (self.label, self.key, tuple(v.type for v in self.body.inputs))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Composite) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        wanted = tuple(v.type for v in self.body.inputs)
        if inputs != wanted:
            raise ShapeError(f"{self.label}: made for {[str(t) for t in wanted]}, given {[str(t) for t in inputs]}")
        return tuple(v.type for v in self.body.outputs)


@dataclass(frozen=True)
class StopGradient(Op):
    """x itself, through which no derivative flows."""

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (inputs[0],)


@dataclass(frozen=True)
class Check(Op):
    """x itself, if the scalar boolean condition holds; else an error with `message`. Inputs: x, condition."""

    message: str

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        if inputs[1].dtype != "bool" or inputs[1].ndim:
            raise ShapeError(f"check: the condition must be a boolean scalar, not {inputs[1]}")
        return (inputs[0],)

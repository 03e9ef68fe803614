"""Ops about the graph itself: named sub-graphs, loops, branches, gradient barriers, run-time checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bitale_graph.errors import ArgumentError, BitaleError, ShapeError
from bitale_graph.graph import Graph
from bitale_graph.types import SCALAR_SIZE, TensorType
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

    @property
    def bodies(self) -> tuple[Graph, ...]:
        return (self.body,)

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


@dataclass(frozen=True, eq=False)
class Procedure(Composite):
    """A composite that compilation keeps as one function, which all its calls share.

    It takes what its inputs accept. Two are equal when their names, parameters and the structures of their bodies are.
    """

    def with_bodies(self, bodies: Sequence[Graph]) -> Procedure:
        """The same procedure with another body."""
        return self if bodies[0] is self.body else replace(self, body=bodies[0])

    @property
    def _identity(self) -> tuple[Any, ...]:
        return (type(self), self.label, self.key, self.body.structure)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Procedure) and self._identity == other._identity)

    def __hash__(self) -> int:
        return hash(self._identity)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        _check_accepted(self.label, [v.type for v in self.body.inputs], inputs)
        return tuple(v.type for v in self.body.outputs)


NO_STEPS = "the number of steps is {0}: a sequence is shorter than its taps reach"


@dataclass(frozen=True, eq=False)
class Scan(Op):
    """for step in range(length): carries, collected = body(step, carries, slices, fixed).

    Inputs: length (int64 scalar), the first values of the carries, the sequences (whose leading axis has that length),
    fixed values. The body takes the number of the step (int64 scalar), the carries, one slice of each sequence, and
    the fixed values. It gives the new carries, a boolean scalar whether to go on if the loop is `conditional`, then
    what is collected. Outputs: the last carries, the number of steps taken (int64 scalar) if the loop is
    `conditional`, and what was collected, stacked along a new leading axis with one element per step taken.

    A `reverse` loop takes step length - 1 first and step 0 last; slices and collected elements have the place of
    their step. Carries keep their types. The derivative of a loop with `recompute` keeps of every step only the carries
    that it began with, and computes all else again. Two loops are equal when their parameters and the structures of
    their bodies are.
    """

    body: Graph
    carries: int
    sequences: int
    conditional: bool = False
    reverse: bool = False
    recompute: bool = False

    @property
    def bodies(self) -> tuple[Graph, ...]:
        return (self.body,)

    def with_bodies(self, bodies: Sequence[Graph]) -> Scan:
        """The same loop around another body."""
        if bodies[0] is self.body:
            return self
        return replace(self, body=bodies[0])

    @property
    def collected(self) -> int:
        """How many arrays are collected."""
        return len(self.body.outputs) - self.carries - self.conditional

    def __str__(self) -> str:
        return f"scan{{{self.body.name}}}" if self.body.name else "scan"

    @property
    def _identity(self) -> tuple[Any, ...]:
        return (self.carries, self.sequences, self.conditional, self.reverse, self.recompute, self.body.structure)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Scan) and self._identity == other._identity)

    def __hash__(self) -> int:
        return hash(self._identity)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        length, carries, sequences, fixed = self.split(inputs)
        step, *wanted = (v.type for v in self.body.inputs)
        if length != SCALAR_SIZE or step != SCALAR_SIZE:
            raise ShapeError(f"scan: the length and the step must be int64 scalars, not {length} and {step}")
        if any(s.ndim == 0 for s in sequences):
            raise ShapeError("scan: a scalar cannot be a sequence")
        given = [*carries, *(s.with_shape(s.shape[1:]) for s in sequences), *fixed]
        _check_accepted("scan", wanted, given)
        last = [v.type for v in self.body.outputs]
        _check_accepted("scan: the new carries", wanted[: self.carries], last[: self.carries])
        taken = [SCALAR_SIZE] if self.conditional else []
        if self.conditional and last[self.carries] != TensorType("bool", ()):
            raise ShapeError(f"scan: whether to go on must be a boolean scalar, not {last[self.carries]}")
        n = None if self.conditional else next((s.shape[0] for s in sequences if s.shape[0] is not None), None)
        stacked = [t.with_shape((n, *t.shape)) for t in last[self.carries + self.conditional :]]
        return (*wanted[: self.carries], *taken, *stacked)

    def split(self, inputs: Sequence[Any]) -> tuple[Any, tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
        """The length, the carries, the sequences and the fixed values among `inputs`."""
        first, second = 1 + self.carries, 1 + self.carries + self.sequences
        return inputs[0], tuple(inputs[1:first]), tuple(inputs[first:second]), tuple(inputs[second:])


@dataclass(frozen=True, eq=False)
class Branch(Op):
    """What one of several bodies makes of the operands; the others are not computed.

    Inputs: the number of the body (int64 scalar; below 0 the first, beyond the end the last), the operands, which
    all bodies take. Outputs: those of the body, of which all have as many, of the same dtypes and ranks.
    """

    choices: tuple[Graph, ...]

    @property
    def bodies(self) -> tuple[Graph, ...]:
        return self.choices

    def with_bodies(self, bodies: Sequence[Graph]) -> Branch:
        """The same choice among other bodies."""
        return self if all(a is b for a, b in zip(bodies, self.choices, strict=True)) else Branch(tuple(bodies))

    def __str__(self) -> str:
        return f"branch{{{len(self.choices)}}}"

    @property
    def _identity(self) -> tuple[Any, ...]:
        return tuple(body.structure for body in self.bodies)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Branch) and self._identity == other._identity)

    def __hash__(self) -> int:
        return hash(self._identity)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        if inputs[0] != SCALAR_SIZE:
            raise ShapeError(f"branch: the number of the body must be an int64 scalar, not {inputs[0]}")
        for body in self.bodies:
            _check_accepted("branch", [v.type for v in body.inputs], inputs[1:])
        results = zip(*[[v.type for v in body.outputs] for body in self.bodies], strict=True)
        return tuple(_joint(types) for types in results)


def _check_accepted(what: str, wanted: Sequence[TensorType], given: Sequence[TensorType]) -> None:
    if len(wanted) != len(given) or not all(w.accepts(g) for w, g in zip(wanted, given, strict=True)):
        shown, made = ([str(t) for t in types] for types in (given, wanted))
        raise ShapeError(f"{what}: {shown} given where the body takes {made}")


def _joint(types: Sequence[TensorType]) -> TensorType:
    """The type of what may be of any of `types`."""
    first = types[0]
    if any(t.dtype != first.dtype or t.ndim != first.ndim for t in types):
        raise ShapeError(f"branch: the bodies give {[str(t) for t in types]}: dtypes and ranks must agree")
    lengths = zip(*[t.shape for t in types], strict=True)
    return first.with_shape(tuple(ns[0] if len(set(ns)) == 1 else None for ns in lengths))


@dataclass(frozen=True)
class StopGradient(Op):
    """x itself, through which no derivative flows."""

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (inputs[0],)


@dataclass(frozen=True)
class Check(Op):
    """x itself, if the scalar boolean condition holds; else `error` with `message`.

    Inputs: x, condition, and int64 scalars, which stand in the message for {0}, {1}, ...
    """

    message: str
    error: type[BitaleError] = ArgumentError

    def __str__(self) -> str:
        return f"check{{{self.message.partition(chr(10))[0]}}}"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        if inputs[1].dtype != "bool" or inputs[1].ndim:
            raise ShapeError(f"check: the condition must be a boolean scalar, not {inputs[1]}")
        for value in inputs[2:]:
            if value != SCALAR_SIZE:
                raise ShapeError(f"check: a value for the message must be an int64 scalar, not {value}")
        return (inputs[0],)


NESTED = (Scan, Branch, Procedure)  # what is compiled with the graphs inside it

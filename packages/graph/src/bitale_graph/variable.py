"""The nodes of the expression graph: Variable, Constant, Apply and Op."""

from __future__ import annotations

import re
from dataclasses import fields
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from bitale_graph.errors import GraphError
from bitale_graph.methods import Methods
from bitale_graph.operators import Operators
from bitale_graph.origin import Origin, here
from bitale_graph.protocols import Protocols
from bitale_graph.types import TensorType, tensor_type

if TYPE_CHECKING:
    from bitale_graph.graph import Graph

_serial = count()


class Op:
    """An operation: a name, parameters (the fields of a frozen dataclass) and `infer`.

    Whatever else is known about an op (its NumPy meaning, its pullback, its loops) is a row in a
    RuleTable of the package that needs it.
    """

    if TYPE_CHECKING:  # a rule table hands its rows an Op whose class the row's key already says

        def __getattr__(self, parameter: str) -> Any: ...

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        """The types of the outputs. Raises DtypeError or ShapeError when the inputs do not fit."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """The op's name in text: the class's name in lower case, words joined by underscores."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower()

    @property
    def bodies(self) -> tuple[Graph, ...]:
        """The graphs inside the op, which it runs: none for most ops."""
        return ()

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in parameters(self).items())
        return f"{self.name}{{{shown.replace('None', '?')}}}" if shown else self.name

    def __call__(self, *inputs: Variable) -> Variable:
        """Apply an op of one output to variables that already have the types it wants."""
        outputs = Apply(self, inputs).outputs
        if len(outputs) != 1:
            raise GraphError(f"{self} has {len(outputs)} outputs; use Apply(op, inputs).outputs")
        return outputs[0]


class Apply:
    """One application of an op: inputs in, outputs out."""

    __slots__ = ("op", "inputs", "outputs", "origin", "__weakref__")

    def __init__(self, op: Op, inputs: tuple[Variable, ...] | list[Variable], origin: Origin | None = None) -> None:
        self.op = op
        self.inputs = tuple(inputs)
        self.origin = origin or here()
        types = op.infer(*[v.type for v in self.inputs])
        self.outputs = tuple(Variable(t, self, i, None, self.origin) for i, t in enumerate(types))

    def __repr__(self) -> str:
        return f"Apply({self.op}, {len(self.inputs)} inputs)"

    def __reduce__(self) -> tuple[Any, ...]:
        from bitale_graph.pickling import apply_state

        return apply_state(self)


class Variable(Operators, Methods, Protocols):
    """An array that does not exist yet: a typed edge of the graph.

    `owner` is the Apply that computes it (None for an input), `index` its place among the owner's
    outputs. Variables compare and hash by identity, so `==` does not build a graph: use `eq(x, y)`.
    They do not change, so a copy is the variable itself.
    """

    __slots__ = ("type", "owner", "index", "name", "origin", "serial", "sizes", "read", "__weakref__")

    def __init__(
        self,
        type: TensorType,
        owner: Apply | None = None,
        index: int = 0,
        name: str | None = None,
        origin: Origin | None = None,
    ) -> None:
        self.type = type
        self.owner = owner
        self.index = index
        self.name = name
        self.origin = origin or here()
        self.serial = next(_serial)  # creation order: deterministic where id() is not
        self.sizes: tuple[int | Variable, ...] | None = None  # filled by shape_of
        self.read: tuple[Variable, Any] | None = None  # (x, index) of what x[index] made, for x[index].set(y)

    @property
    def dtype(self) -> str:
        return self.type.dtype

    @property
    def ndim(self) -> int:
        return len(self.type.shape)

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        """Per axis whether its length is known to be 1: then it stretches."""
        return self.type.broadcastable

    def __repr__(self) -> str:
        from bitale_graph.expression import expression

        return expression(self)

    def __copy__(self) -> Variable:
        return self

    def __deepcopy__(self, memo: Any) -> Variable:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        from bitale_graph.pickling import variable_state

        return variable_state(self)


class Constant(Variable):
    """A variable whose value is known; `data` is a read-only array."""

    __slots__ = ("data",)

    def __init__(self, data: np.ndarray, name: str | None = None, origin: Origin | None = None) -> None:
        if data.flags.writeable:
            data = data.copy()
            data.flags.writeable = False
        self.data = data
        super().__init__(tensor_type(data.dtype, data.shape), None, 0, name, origin)


def parameters(op: Op) -> dict[str, Any]:
    """The op's parameters by name."""
    return {f.name: getattr(op, f.name) for f in fields(op)}  # type: ignore[arg-type]

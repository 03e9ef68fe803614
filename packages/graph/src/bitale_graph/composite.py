"""Named sub-graphs: `composite` makes a function appear in graphs as one node, `inline` opens such a node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from inspect import Parameter, signature
from typing import Any

from bitale_graph.errors import ArgumentError
from bitale_graph.functions.apply import as_variable
from bitale_graph.graph import Graph, substitute
from bitale_graph.ops.control import Composite
from bitale_graph.origin import made_at
from bitale_graph.types import TensorType
from bitale_graph.variable import Apply, Variable

_DEFINITIONS: dict[str, tuple[str, int]] = {}  # label -> its module, how often it was defined there
CACHED = 1024  # bodies kept per function


def composite(build: Callable[..., Any]) -> Callable[..., Any]:
    """Make `build` a function that adds one node to the graph, labelled with the function's name.

    Its positional-only parameters are the arrays; the others are parameters of the node and must be hashable:
    `def softmax(x, /, *, axis)`. It is called once for each combination of parameters and input types, on fresh
    variables, and returns a variable or a tuple of them. Underscores before the name are left out of the label.
    Raises ArgumentError when a function of another module has the label.
    """
    label = build.__name__.lstrip("_")
    form = signature(build)
    arrays = [p.name for p in form.parameters.values() if p.kind is Parameter.POSITIONAL_ONLY]
    definition = _define(label, build.__module__)

    @lru_cache(maxsize=CACHED)
    def op(types: tuple[TensorType, ...], key: tuple[tuple[str, Any], ...]) -> Composite:
        with made_at(None):  # the body serves many lines of the user's; its nodes get the line that uses them
            inputs = [Variable(each, name=name) for name, each in zip(arrays, types, strict=True)]
            outputs = build(*inputs, **dict(key))
        body = Graph(inputs, outputs if isinstance(outputs, tuple) else (outputs,), label)
        return Composite(label, key if definition == 1 else (*key, ("definition", definition)), body)

    @wraps(build)
    def function(*operands: Any, **parameters: Any) -> Any:
        bound = form.bind(*map(as_variable, operands), **parameters)
        bound.apply_defaults()
        key = tuple((name, value) for name, value in bound.arguments.items() if name not in arrays)
        variables = tuple(bound.arguments[name] for name in arrays)
        _check_hashable(label, key)
        outputs = Apply(op(tuple(v.type for v in variables), key), variables).outputs
        return outputs[0] if len(outputs) == 1 else outputs

    return function


@dataclass(frozen=True)
class Renaming:
    """The outputs of a composite are these variables of its opened body."""

    outputs: tuple[Variable, ...]
    inner: tuple[Variable, ...]


Step = Apply | Renaming


def inline(node: Apply) -> tuple[Variable, ...]:
    """The outputs of a Composite's node as expressions of its inputs; they carry the node's origin."""
    assert isinstance(node.op, Composite), f"{node.op} has no body"
    body = node.op.body
    with made_at(node.origin):
        return tuple(substitute(body.outputs, dict(zip(body.inputs, node.inputs, strict=True))))


def _define(label: str, module: str) -> int:
    """The number of this definition: a function defined anew (a notebook's cell run again) is another function."""
    known, count = _DEFINITIONS.get(label, (module, 0))
    if known != module:
        raise ArgumentError(f"{known} has a composite `{label}` already; choose another name for that of {module}")
    _DEFINITIONS[label] = (module, count + 1)
    return count + 1


def _check_hashable(label: str, key: tuple[tuple[str, Any], ...]) -> None:
    for name, value in key:
        try:
            hash(value)
        except TypeError:
            raise ArgumentError(f"{label}: the parameter {name} must be hashable, not {value!r}") from None

"""Pickling variables and graphs of any depth, with everything they share kept shared.

An application is pickled as its op and references to the applications that made its inputs. Each variable or graph
brings the list of the applications it needs, in an order in which none refers to a later one: so the pickler never
recurses deeper than one application, and its memo keeps what several variables share.
"""

from __future__ import annotations

from typing import Any

from bitale_graph.graph import Graph, ancestors, toposort
from bitale_graph.origin import Origin, made_at
from bitale_graph.types import TensorType
from bitale_graph.variable import Apply, Constant, Op, Variable


def variable_state(variable: Variable) -> tuple[Any, ...]:
    """What `Variable.__reduce__` returns; with the variable come all that it depends on."""
    if isinstance(variable, Constant):
        return _constant, (variable.data, variable.name, variable.origin)
    if variable.owner is None:
        return _input, (variable.type, variable.name, variable.origin)
    return _output, (*_contents([variable]), _reference(variable))


def graph_state(graph: Graph) -> tuple[Any, ...]:
    """What `Graph.__reduce__` returns."""
    contents = _contents([*graph.inputs, *graph.outputs])
    references = [[_reference(v) for v in variables] for variables in (graph.inputs, graph.outputs)]
    return _graph, (*contents, *references, graph.name)


def apply_state(node: Apply) -> tuple[Any, ...]:
    """What `Apply.__reduce__` returns: shallow when the applications before it have been pickled."""
    names = tuple(v.name for v in node.outputs)
    inputs = tuple(_reference(v) for v in node.inputs)
    return _apply, (node.op, inputs, names if any(names) else None, node.origin)


def _contents(variables: list[Variable]) -> tuple[list[Variable], list[Apply]]:
    """The leaves in order of creation, which loading repeats, and the applications in order of computation."""
    leaves = sorted((v for v in ancestors(variables) if v.owner is None), key=lambda v: v.serial)
    return leaves, toposort(variables)


def _reference(variable: Variable) -> Any:
    """An input, a constant or a shared variable itself; for any other its application, and its place if not the first.

    Bare applications matter: a pair for each use makes the pickle of a large graph take half as long again.
    """
    if variable.owner is None:
        return variable
    return (variable.owner, variable.index) if variable.index else variable.owner


def _constant(data: Any, name: str | None, origin: Origin | None) -> Constant:
    with made_at(origin):  # None, too, is where it was made
        return Constant(data, name, origin)


def _input(type: TensorType, name: str | None, origin: Origin | None) -> Variable:
    with made_at(origin):
        return Variable(type, None, 0, name, origin)


def _apply(op: Op, inputs: tuple[Any, ...], names: tuple[str | None, ...] | None, origin: Origin | None) -> Apply:
    operands = tuple(map(_variable, inputs))
    if origin is not None:
        node = Apply(op, operands, origin)
    else:
        with made_at(None):
            node = Apply(op, operands)
    if names is not None:
        for variable, name in zip(node.outputs, names, strict=True):
            variable.name = name
    return node


def _variable(reference: Any) -> Variable:
    if isinstance(reference, Apply):
        return reference.outputs[0]
    if isinstance(reference, tuple):
        node, index = reference
        return node.outputs[index]
    return reference


def _output(leaves: list[Variable], nodes: list[Apply], reference: Any) -> Variable:
    return _variable(reference)


def _graph(
    leaves: list[Variable], nodes: list[Apply], inputs: list[Any], outputs: list[Any], name: str | None
) -> Graph:
    return Graph(list(map(_variable, inputs)), list(map(_variable, outputs)), name)

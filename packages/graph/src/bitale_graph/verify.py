"""verify(graph): every recorded type is what the inputs give. Run between all stages in tests."""

from __future__ import annotations

from bitale_graph.errors import BitaleError, VerifyError
from bitale_graph.graph import Graph
from bitale_graph.text import graph_text
from bitale_graph.types import tensor_type
from bitale_graph.variable import Apply, Constant


def verify(graph: Graph) -> Graph:
    """`graph` itself, when it and the graphs inside its ops are sound.

    Raises VerifyError naming the first node whose recorded types are not what its inputs give, whose outputs belong
    to another node, or which reads a constant of another type than its data; with the graph's text around it.
    """
    pending, seen = [graph], {graph}
    while pending:
        current = pending.pop()
        for node in current.nodes:
            problem = _problem(node)
            if problem:
                raise VerifyError(f"{problem}\n{_excerpt(current, node)}")
            new = [body for body in node.op.bodies if body not in seen]
            seen.update(new)
            pending.extend(new)
    return graph


def _problem(node: Apply) -> str | None:
    try:
        types = node.op.infer(*[v.type for v in node.inputs])
    except BitaleError as error:
        return f"{node.op} refuses its inputs: {error}"
    recorded = tuple(v.type for v in node.outputs)
    if types != recorded:
        shown, wanted = (", ".join(map(str, each)) for each in (recorded, types))
        return f"{node.op} is recorded as {shown}; its inputs give {wanted}"
    if any(v.owner is not node or v.index != i for i, v in enumerate(node.outputs)):
        return f"an output of {node.op} says that it belongs to another node"
    for v in node.inputs:
        if isinstance(v, Constant) and v.type != tensor_type(v.data.dtype.name, v.data.shape):
            return f"a constant is recorded as {v.type}; its data are {v.data.dtype.name}{list(v.data.shape)}"
    return None


def _excerpt(graph: Graph, node: Apply, around: int = 5) -> str:
    at = 1 + graph.nodes.index(node)  # the first line is the graph's title
    lines = graph_text(graph).splitlines()
    lines[at] += f"    <- made at {node.origin}" if node.origin else "    <-"
    return "\n".join(lines[max(0, at - around) : at + around + 1])

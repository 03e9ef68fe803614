"""verify(graph): every recorded type is what the inputs give. Run between all stages in tests."""

from __future__ import annotations

from bitale_graph.errors import BitaleError, VerifyError
from bitale_graph.graph import Graph
from bitale_graph.text import graph_text


def verify(graph: Graph) -> Graph:
    """`graph` itself. Raises VerifyError naming the first node whose type is wrong, with the graph's text around it."""
    for node in graph.nodes:
        try:
            types = node.op.infer(*[v.type for v in node.inputs])
        except BitaleError as error:
            raise VerifyError(f"{node.op} refuses its inputs: {error}\n{_excerpt(graph, str(node.op))}") from error
        recorded = tuple(v.type for v in node.outputs)
        if types != recorded:
            raise VerifyError(
                f"{node.op} is recorded as {[str(t) for t in recorded]}, its inputs give {[str(t) for t in types]}\n"
                + _excerpt(graph, str(node.op))
            )
    return graph


def _excerpt(graph: Graph, needle: str, around: int = 5) -> str:
    lines = graph_text(graph).splitlines()
    at = next((i for i, line in enumerate(lines) if needle in line), 0)
    return "\n".join(lines[max(0, at - around) : at + around + 1])

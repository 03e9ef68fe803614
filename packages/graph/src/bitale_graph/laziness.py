"""Laziness of branches: what only some of the bodies of a Branch need is computed in these bodies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bitale_graph.functions.control.branch import branch
from bitale_graph.functions.control.capture import captured
from bitale_graph.graph import substitute, toposort
from bitale_graph.ops.control import Branch
from bitale_graph.variable import Apply, Variable


class Readers:
    """How often each application of the graph of `outputs` is read; those in `keep`, and outputs, once more."""

    def __init__(self, outputs: Sequence[Variable], keep: Iterable[Variable] = ()) -> None:
        nodes = toposort(outputs)
        self.nodes = set(nodes)
        self.counts = Counter(v.owner for node in nodes for v in node.inputs)
        self.counts.update(v.owner for v in (*outputs, *keep))


def sink(node: Apply, readers: Readers) -> Apply:
    """A Branch like `node`, with the same outputs, in which work that not all bodies need is inside those that do.

    That are applications which nothing reads but the operands of this Branch. `node` itself where there are none.
    """
    op: Branch = node.op  # type: ignore[assignment]
    wanted = _wanted(node, readers)
    lazy = {n: ks for n, ks in wanted.items() if 0 < len(ks) < len(op.bodies)}
    if not lazy:
        return node
    number, *operands = node.inputs
    bodies = []
    for k, body in enumerate(op.bodies):
        outputs = substitute(body.outputs, dict(zip(body.inputs, operands, strict=True)))
        bodies.append(captured(
            [], outputs, body.name,
            lambda v, k=k: v.owner is None or (v.owner in readers.nodes and k not in lazy.get(v.owner, ())),  # type: ignore[misc]
        ))  # fmt: skip
    return branch(number, bodies)


def lazily(outputs: Sequence[Variable], keep: Iterable[Variable] = ()) -> list[Variable]:
    """`outputs` in which every branch has the work inside that not all of its bodies need; `keep` stay outside."""
    result, keep = list(outputs), list(keep)
    branches = [node for node in toposort(result, stop=keep) if isinstance(node.op, Branch)]
    while branches:  # the last first: what is moved into it may be a branch itself
        node = branches.pop()
        lazy = sink(node, Readers(result, keep))
        if lazy is not node:
            result = substitute(result, dict(zip(node.outputs, lazy.outputs, strict=True)))
            left = set(toposort(result, stop=keep))
            branches = [node for node in branches if node in left]
    return result


def _wanted(node: Apply, readers: Readers) -> dict[Apply, set[int]]:
    """The applications that only the operands of the Branch need, each with the numbers of the bodies that do."""
    unread: dict[Apply, int] = {}
    wanted: dict[Apply, set[int]] = {}
    exclusive: dict[Apply, set[int]] = {}
    pending: list[tuple[Sequence[Variable], set[int]]] = [
        ([v], {k for k, body in enumerate(node.op.bodies) if _reads(body, place)})
        for place, v in enumerate(node.inputs[1:])
    ]
    while pending:
        variables, bodies = pending.pop()
        for v in variables:
            if v.owner is None:
                continue
            wanted.setdefault(v.owner, set()).update(bodies)
            unread[v.owner] = unread.get(v.owner, readers.counts[v.owner]) - 1
            if not unread[v.owner]:
                exclusive[v.owner] = wanted[v.owner]
                pending.append((v.owner.inputs, wanted[v.owner]))
    return exclusive


def _reads(body: object, place: int) -> bool:
    v = body.inputs[place]  # type: ignore[attr-defined]
    return v in body.uses or v in body.outputs  # type: ignore[attr-defined]

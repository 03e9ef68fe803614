"""What a result only shows in another shape: `sum(x, axis=1, keepdims=True)` is a sum, and a view of it. The sum is
stored in the result, which would else be a copy of it.
"""

from __future__ import annotations

from collections.abc import Collection

from bitale_graph.graph import Graph
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.movement import Concatenate, ExpandDims, Reshape, Squeeze
from bitale_graph.ops.reduction import Cumulate, Reduce
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.loops.contraction import Product

VIEWS = (ExpandDims, Squeeze, Reshape)
MADE = (Contract, Product, Reduce, Cumulate, Concatenate)  # what has memory of its own, and is not only a view, too


def shown_by_results(graph: Graph, late: Collection[Apply]) -> dict[Variable, Variable]:
    """Each variable that is to be stored in a result, and which. Only the result reads it: what else does can share
    loops with it as long as each has a buffer of its own. Views in `late` have lengths to be checked while the function
    runs, when it may have been written already.
    """
    found: dict[Variable, Variable] = {}
    for result in graph.outputs:
        v = result
        while v.owner is not None and isinstance(v.owner.op, VIEWS) and v.owner not in late:
            v = v.owner.inputs[0]
            if v in graph.inputs or v in graph.outputs or len(graph.uses.get(v, ())) > 1:
                break
        else:
            if v is not result and v.ndim and v.owner is not None and isinstance(v.owner.op, MADE):
                found[v] = result
    return found

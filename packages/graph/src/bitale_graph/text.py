"""The typed text form of graphs: one assignment a line, such as `z: float64[?, 10] = add(x, y)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bitale_graph.variable import Constant, Variable

if TYPE_CHECKING:
    from bitale_graph.graph import Graph


class Namer:
    """Gives every variable a name that no other has: the user's where possible, else a short one."""

    def __init__(self, taken: tuple[str, ...] = ()) -> None:
        self._names: dict[Variable, str] = {}
        self._taken = set(taken)
        self._next = 0

    def __call__(self, variable: Variable) -> str:
        if isinstance(variable, Constant) and variable.name is None:
            return constant_text(variable.data)
        if variable not in self._names:
            self._names[variable] = self._free(variable.name)
        return self._names[variable]

    def _free(self, wanted: str | None) -> str:
        if wanted is not None:
            name, repeat = wanted, 1
            while name in self._taken:
                repeat += 1
                name = f"{wanted}_{repeat}"
        else:
            name = f"%{self._next}"
            self._next += 1
        self._taken.add(name)
        return name


def constant_text(data: np.ndarray) -> str:
    """A scalar as its value; an array as its type, with its values when it has at most eight."""
    if data.ndim == 0:
        return repr(data.item())
    if data.size <= 8:
        return np.array2string(data, separator=", ", max_line_width=10_000).replace("\n", "")
    return f"<{data.dtype.name}[{', '.join(map(str, data.shape))}]>"


def graph_text(graph: Graph) -> str:
    """The graph as text: a line with the inputs, a line per application, a line with the outputs."""
    name = Namer()
    title = f"graph {graph.name}" if graph.name else "graph"
    lines = [f"{title}({', '.join(f'{name(v)}: {v.type}' for v in graph.inputs)}):"]
    for node in graph.nodes:
        left = ", ".join(f"{name(v)}: {v.type}" for v in node.outputs)
        lines.append(f"    {left} = {node.op}({', '.join(map(name, node.inputs))})")
    lines.append(f"    return {', '.join(map(name, graph.outputs))}")
    return "\n".join(lines)

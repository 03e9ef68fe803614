"""Graph: inputs and outputs, with the traversals every transformation is made of (all iterative)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from bitale_graph.errors import GraphError, MissingInputError, explain
from bitale_graph.variable import Apply, Constant, Variable


def toposort(outputs: Iterable[Variable], stop: Iterable[Variable] = ()) -> list[Apply]:
    """The applications needed for `outputs`, each after those it depends on; `stop` is not looked behind."""
    stop = set(stop)
    order: list[Apply] = []
    done: set[Apply] = set()
    for output in outputs:
        stack = [] if output.owner is None or output in stop else [(output.owner, iter(output.owner.inputs))]
        while stack:
            node, pending = stack[-1]
            if node in done:
                stack.pop()
                continue
            for variable in pending:
                if variable.owner is not None and variable.owner not in done and variable not in stop:
                    stack.append((variable.owner, iter(variable.owner.inputs)))
                    break
            else:
                done.add(node)
                order.append(node)
                stack.pop()
    return order


def ancestors(outputs: Iterable[Variable], stop: Iterable[Variable] = ()) -> Iterator[Variable]:
    """Every variable that `outputs` depend on, themselves included, each once."""
    stop = set(stop)
    stack, seen = list(outputs), set()
    while stack:
        variable = stack.pop()
        if variable in seen:
            continue
        seen.add(variable)
        yield variable
        if variable.owner is not None and variable not in stop:
            stack.extend(variable.owner.inputs)


def leaves(outputs: Iterable[Variable]) -> list[Variable]:
    """The inputs (no owner, no constant) that `outputs` depend on, in order of creation."""
    found = [v for v in ancestors(outputs) if v.owner is None and not isinstance(v, Constant)]
    return sorted(found, key=lambda v: v.serial)


class Graph:
    """A function as data: `outputs` computed from `inputs`. Immutable.

    Raises GraphError for duplicate inputs and MissingInputError for an output that needs a variable
    which is neither an input nor a constant.
    """

    def __init__(self, inputs: Sequence[Variable], outputs: Sequence[Variable], name: str | None = None) -> None:
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.name = name
        self._check_inputs()

    def _check_inputs(self) -> None:
        known = set(self.inputs)
        if len(known) != len(self.inputs):
            twice = next(v for i, v in enumerate(self.inputs) if v in self.inputs[:i])
            raise GraphError(explain("a variable stands twice among the inputs", [twice], "Name it once."))
        for variable in ancestors(self.outputs, stop=known):
            if variable.owner is None and not isinstance(variable, Constant) and variable not in known:
                raise MissingInputError(
                    explain(
                        f"the outputs need {variable.name or 'an unnamed variable'}, which is not among the inputs",
                        [variable],
                        "Add it to the inputs, or replace it through `givens`.",
                    )
                )

    @cached_property
    def nodes(self) -> list[Apply]:
        """All applications in an order in which they can be computed."""
        return toposort(self.outputs, stop=self.inputs)

    @cached_property
    def uses(self) -> dict[Variable, list[Apply]]:
        """The applications that read each variable (an application that reads it twice stands twice)."""
        readers: dict[Variable, list[Apply]] = {}
        for node in self.nodes:
            for variable in node.inputs:
                readers.setdefault(variable, []).append(node)
        return readers

    @cached_property
    def structure(self) -> Hashable:
        """What two graphs that compute the same in the same way have in common: equal for equal wiring of equal ops.

        Names and origins are no part of it. Constants count by value where they are small, else by identity.
        """
        number: dict[Variable, Hashable] = {v: i for i, v in enumerate(self.inputs)}

        def reference(v: Variable) -> Hashable:
            if v not in number and isinstance(v, Constant):
                number[v] = (v.type, v.data.tobytes() if v.data.nbytes <= 1024 else id(v))
            return number[v]

        nodes = []
        for place, node in enumerate(self.nodes):
            nodes.append((node.op, tuple(map(reference, node.inputs))))
            number.update((v, (place, v.index)) for v in node.outputs if v not in number)
        return (tuple(v.type for v in self.inputs), tuple(nodes), tuple(map(reference, self.outputs)))

    def map(self, rebuild: Callable[[Apply, tuple[Variable, ...]], Sequence[Variable]]) -> Graph:
        """A graph in which each node's outputs are replaced by `rebuild(node, new_inputs)`."""
        new: dict[Variable, Variable] = {}
        for node in self.nodes:
            inputs = tuple(new.get(v, v) for v in node.inputs)
            new.update(zip(node.outputs, rebuild(node, inputs), strict=True))
        for variable in self.inputs:
            new.pop(variable, None)
        return Graph(self.inputs, [new.get(v, v) for v in self.outputs], self.name)

    def __str__(self) -> str:
        from bitale_graph.text import graph_text

        return graph_text(self)

    __repr__ = __str__

    def __copy__(self) -> Graph:
        return self

    def __deepcopy__(self, memo: object) -> Graph:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        from bitale_graph.pickling import graph_state

        return graph_state(self)


def substitute(outputs: Sequence[Variable], replacements: Mapping[Variable, Variable]) -> list[Variable]:
    """`outputs` with each key of `replacements` replaced by its value (once: values are not searched).

    Names and origins are kept; nodes that do not depend on a key are shared, not copied.
    Raises GraphError when a replacement has another dtype or rank than what it replaces.
    """
    for old, replacement in replacements.items():
        if old.dtype != replacement.dtype or old.ndim != replacement.ndim:
            raise GraphError(
                explain(
                    "a replacement must have the dtype and rank of what it replaces",
                    [old, replacement],
                    "Cast or reshape the replacement.",
                )
            )
    new: dict[Variable, Variable] = dict(replacements)
    for node in toposort(outputs, stop=replacements):
        if any(v in new for v in node.inputs):
            copy = Apply(node.op, tuple(new.get(v, v) for v in node.inputs), node.origin)
            for old, fresh in zip(node.outputs, copy.outputs, strict=True):
                fresh.name = old.name
                new.setdefault(old, fresh)
    return [new.get(v, v) for v in outputs]

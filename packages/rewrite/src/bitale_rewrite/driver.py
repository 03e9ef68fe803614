"""The one driver of all rules: bottom-up over hash-consed nodes, each brought to its normal form once."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable, Sequence

from bitale_graph.graph import Graph, substitute
from bitale_graph.ops.control import NESTED
from bitale_graph.origin import made_at
from bitale_graph.variable import Apply, Constant, Op, Variable
from bitale_rewrite.interning import Interner
from bitale_rewrite.pattern import head
from bitale_rewrite.rule import Rule, RuleError, roots_of

Notice = Callable[[Rule, Apply, Sequence[Variable]], None]
RECENT = 60  # how many applications an error about a loop looks back on


class RuleIndex:
    """The rules worth trying on a node, by its op and the heads of its inputs, in the order of the list."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._by_root: dict[Hashable, list[tuple[int, Rule]]] = {}
        for position, rule in enumerate(rules):
            for root in rule.roots:
                self._by_root.setdefault(root, []).append((position, rule))
        self._found: dict[Hashable, list[Rule]] = {}

    def candidates(self, op: Op, inputs: tuple[Variable, ...]) -> list[Rule]:
        """The rules whose left side may be `op` of these inputs."""
        roots = roots_of(op)
        heads = tuple([head(v) for v in inputs]) if len(inputs) <= 4 else None
        key = (roots, heads)
        found = self._found.get(key)
        if found is None:
            ranked = sorted((r for root in (*roots, Op) for r in self._by_root.get(root, ())), key=lambda pair: pair[0])
            found = [r for _, r in ranked if heads is None or r.may_match is None or r.may_match(heads)]
            self._found[key] = found
        return found


class Rewriting:
    """One pass of rules over a graph. `rewrite` is the way in."""

    def __init__(
        self, rules: RuleIndex, interner: Interner, budget: int, shared: set[Variable], notice: Notice | None = None
    ) -> None:
        self.rules = rules
        self.interner = interner
        self.budget = budget
        self.notice = notice
        self.result: dict[Variable, Variable] = {}  # a variable -> its normal form
        self._becomes: dict[Apply, Sequence[Variable]] = {}  # a node on its way -> what replaces it
        self._recent: deque[Rule] = deque(maxlen=RECENT)
        self._shared = shared  # read more than once
        self._rewritten: dict[Op, Op] = {}  # loops, branches, procedures, with their bodies in normal form

    def run(self, outputs: Sequence[Variable]) -> list[Variable]:
        """The normal forms of `outputs`."""
        stack: list[Apply] = []
        for output in outputs:
            stack.extend(self._unfinished([output]))
            while stack:
                node = stack[-1]
                if node.outputs[0] in self.result:
                    stack.pop()
                    continue
                pending = self._unfinished(self._becomes.get(node, node.inputs))
                if pending:
                    stack.extend(pending)
                else:
                    self._advance(node)
        return [self.result[v] for v in outputs]

    def _unfinished(self, variables: Sequence[Variable]) -> list[Apply]:
        """The nodes of `variables` that have no normal form yet, the first last; leaves get theirs at once."""
        nodes = []
        for variable in reversed(variables):
            if variable in self.result:
                continue
            if variable.owner is not None:
                if variable.owner in self._becomes:
                    raise self._loop(f"a rule put {variable.owner.op} into its own replacement")
                nodes.append(variable.owner)
            elif isinstance(variable, Constant):
                self.result[variable] = self.interner.constant(variable)
            else:
                self.result[variable] = variable
        return nodes

    def _advance(self, node: Apply) -> None:
        """Bring a node whose inputs (or whose replacement) are in normal form one step further."""
        result = self.result
        if node in self._becomes:
            self._finish(node, [result[v] for v in self._becomes.pop(node)])
            return
        inputs = tuple([result[v] for v in node.inputs])
        known = self.interner.node(node, inputs, self.inside(node.op))
        if known is not node:
            self._becomes[node] = known.outputs
            return
        replacement = self._replacement(node)
        if replacement is None:
            self._finish(node, node.outputs)
        else:
            self._becomes[node] = replacement

    def inside(self, op: Op) -> Op:
        """`op` with the bodies of a loop, branch or procedure rewritten by the same rules."""
        if not isinstance(op, NESTED):
            return op
        found = self._rewritten.get(op)
        if found is None:
            found = op.with_bodies([self._body(body) for body in op.bodies])
            self._rewritten[op] = self._rewritten[found] = found
        return found

    def _body(self, body: Graph) -> Graph:
        return rewrite(body, self.rules, self.interner, self.notice)

    def _finish(self, node: Apply, variables: Sequence[Variable]) -> None:
        for old, new in zip(node.outputs, variables, strict=True):
            self.result[old] = new
            self.result.setdefault(new, new)
            if old in self._shared:
                self._shared.add(new)

    def _replacement(self, node: Apply) -> Sequence[Variable] | None:
        candidates = self.rules.candidates(node.op, node.inputs)
        if not candidates:
            return None
        with made_at(node.origin):
            for rule in candidates:
                if rule.alone and not self._shared.isdisjoint(node.inputs):
                    continue
                new = rule.apply(node)
                if new is not None:
                    self._applied(rule, node, new)
                    return new
        return None

    def _applied(self, rule: Rule, node: Apply, new: Sequence[Variable]) -> None:
        self._recent.append(rule)
        self.budget -= 1
        if self.budget < 0:
            raise self._loop(f"the budget of rule applications is spent at {node.op}")
        self._carry_names(node, new)
        if self.notice is not None:
            self.notice(rule, node, new)

    def _carry_names(self, node: Apply, new: Sequence[Variable]) -> None:
        """What replaces a named variable takes its name, unless it is something that was there before."""
        last = node.outputs[-1].serial
        for old, variable in zip(node.outputs, new, strict=True):
            if variable.name is None and variable.owner is not None and variable.serial > last:
                variable.name = old.name

    def _loop(self, problem: str) -> RuleError:
        often = ", ".join(f"{rule.name} ({count} times)" for rule, count in Counter(self._recent).most_common(6))
        return RuleError(f"{problem}: rules undo each other. The last rules were {often}")


def rewrite(graph: Graph, rules: RuleIndex, interner: Interner | None = None, notice: Notice | None = None) -> Graph:
    """`graph` with rules applied until none fits.

    `notice(rule, node, replacement)` is told of every application. Raises RuleError when rules loop.
    """
    if any(v.owner is not None for v in graph.inputs):
        return _with_leaves(graph, rules, interner, notice)
    budget = 1000 + 50 * len(graph.nodes)
    rewriting = Rewriting(rules, interner or Interner(), budget, _shared(graph), notice)
    outputs = tuple(rewriting.run(graph.outputs))
    return graph if outputs == graph.outputs else Graph(graph.inputs, outputs, graph.name)


def _with_leaves(graph: Graph, rules: RuleIndex, interner: Interner | None, notice: Notice | None) -> Graph:
    """Rewrite a graph whose inputs are computed elsewhere: rules must not look behind them."""
    fresh = {v: Variable(v.type, name=v.name, origin=v.origin) for v in graph.inputs}
    inside = Graph(list(fresh.values()), substitute(graph.outputs, fresh), graph.name)
    outputs = rewrite(inside, rules, interner, notice).outputs
    return Graph(graph.inputs, substitute(outputs, {new: old for old, new in fresh.items()}), graph.name)


def _shared(graph: Graph) -> set[Variable]:
    """The computed variables that are read more than once."""
    readers = Counter(v for node in graph.nodes for v in node.inputs if v.owner is not None)
    readers.update(v for v in graph.outputs)
    return {v for v, count in readers.items() if count > 1}

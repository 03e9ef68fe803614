"""Sub-graphs that are called like functions: one node per call, with derivatives of one's own where wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bitale_autodiff.arguments import as_list, in_kind
from bitale_autodiff.custom import fitted_answers
from bitale_autodiff.gradient import pullback as pull_back
from bitale_autodiff.rules.composite import CUSTOM, CustomRules, Token
from bitale_autodiff.rules.tables import Contributions, Pullback, Pushforward, Tangents
from bitale_autodiff.shaping import zeros_like
from bitale_graph.composite import inline as opened
from bitale_graph.dtypes import is_differentiable
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError, explain
from bitale_graph.functions import as_variable
from bitale_graph.functions.control.carries import adapted
from bitale_graph.graph import Graph, leaves, substitute
from bitale_graph.ops.control import Composite, Procedure
from bitale_graph.types import TensorType
from bitale_graph.variable import Apply, Constant, Variable

DEFAULT = "default"  # Theano's word for the derivative of the sub-graph itself
Rule = Callable[..., Any]


class FromGraph:
    """A sub-graph as a function of variables: see `from_graph`. `graph` has its inputs, what it closes over, outputs.

    Calls with arguments of the same types share one body. Calls of one FromGraph with the same arguments are equal, so
    that they are computed once.
    """

    def __init__(
        self, inputs: Sequence[Variable], outputs: Any, name: str | None, rules: CustomRules, inline: bool
    ) -> None:
        self.kind = outputs
        self.name = name or "subgraph"
        self.inputs = tuple(inputs)
        ends = [as_variable(y) for y in as_list(outputs)]
        self.closed = tuple(v for v in leaves(ends) if v not in set(self.inputs))
        self.graph = Graph([*self.inputs, *self.closed], ends, self.name)
        self.inline = inline
        self.token = Token()
        self.bodies: dict[tuple[TensorType, ...], Graph] = {}
        CUSTOM[self.token] = rules
        own = rules.pullback is not None or rules.pushforward is not None
        self.key = (("rules", self.token),) if own else ()

    def __call__(self, *arguments: Any) -> Any:
        """The outputs for these arguments, in the kind (one, list or tuple) in which they were given.

        Raises ArgumentError, DtypeError or ShapeError for arguments that do not fit the inputs.
        """
        if len(arguments) != len(self.inputs):
            raise ArgumentError(f"{self.name} takes {len(self.inputs)} arguments, {len(arguments)} are given")
        given = [self._fitting(v, a) for v, a in zip(self.inputs, arguments, strict=True)]
        given += self.closed
        body = self._body(tuple(v.type for v in given))
        kind, key = (Composite, (("rules", self.token),)) if self.inline else (Procedure, self.key)
        node = Apply(kind(self.name, key, body), given)
        return in_kind(self.kind, opened(node) if self.inline else node.outputs)

    def __repr__(self) -> str:
        inputs = ", ".join(f"{v.name or '_'}: {v.type}" for v in self.inputs)
        return f"<{self.name}({inputs})>"

    def _fitting(self, wanted: Variable, argument: Any) -> Variable:
        v = as_variable(adapted(argument, wanted.dtype))
        problem = f"{self.name}: {v.type} is given for {wanted.name or 'an input'} of type {wanted.type}"
        if v.dtype != wanted.dtype:
            raise DtypeError(explain(problem, [v, wanted], f"Cast it: .astype({wanted.dtype!r})."))
        lengths = zip(v.type.shape, wanted.type.shape, strict=False)
        if v.ndim != wanted.ndim or any(n != m and None not in (n, m) for n, m in lengths):
            raise ShapeError(explain(problem, [v, wanted]))
        return v

    def _body(self, types: tuple[TensorType, ...]) -> Graph:
        """The graph for inputs of these types."""
        if types not in self.bodies:
            fresh = [Variable(t, name=v.name) for v, t in zip(self.graph.inputs, types, strict=True)]
            outputs = substitute(self.graph.outputs, dict(zip(self.graph.inputs, fresh, strict=True)))
            self.bodies[types] = Graph(fresh, outputs, self.name)
        return self.bodies[types]


def from_graph(
    inputs: Sequence[Variable],
    outputs: Any,
    inline: bool = False,
    lop_overrides: Any = None,
    grad_overrides: Any = None,
    rop_overrides: Any = None,
    connection_pattern: Any = None,
    name: str | None = None,
    *,
    pullback: Rule | None = None,
    pushforward: Rule | None = None,
) -> FromGraph:
    """A sub-graph from `inputs` to `outputs` (a variable, or a list or tuple of them) that is called like a function.

    Each call adds one node to the graph, which compilation keeps as one C function for all calls with arguments of the
    same types, unless its results have lengths that only it can find. With `inline` a call is the expressions
    themselves, which fuse with what is around them. Shared variables and others that the outputs need are taken along.

    Derivatives are those of the sub-graph unless one of these says otherwise: `pullback(inputs, outputs, cotangents)`
    and `pushforward(inputs, outputs, tangents)`, as for custom_gradient; Theano's
    `lop_overrides(inputs, outputs, output_gradients)`, `grad_overrides(inputs, output_gradients)` (also for each input
    a function of the same arguments, None for a derivative of 0 or "default") and `rop_overrides(inputs, tangents)`.
    `connection_pattern` is there for Theano's programs.

    Raises ArgumentError where two rules are given for one mode, or `inputs` are no variables without owner.
    """
    for v in inputs:
        if not isinstance(v, Variable) or isinstance(v, Constant):
            raise ArgumentError(f"from_graph: an input is a symbolic variable, not {v!r}")
    fresh = {v: Variable(v.type, name=v.name, origin=v.origin) for v in inputs if v.owner is not None}
    ends = substitute([as_variable(y) for y in as_list(outputs)], fresh)
    reverse = [rule for rule in (pullback, lop_overrides, grad_overrides) if rule is not None and rule != DEFAULT]
    forward = [rule for rule in (pushforward, rop_overrides) if rule is not None and rule != DEFAULT]
    if len(reverse) > 1 or len(forward) > 1:
        raise ArgumentError("from_graph: give one rule for each mode: pullback, lop_overrides or grad_overrides; "
                            "pushforward or rop_overrides")
    label = name or "subgraph"
    with_outputs = bool(reverse) and reverse[0] is not grad_overrides
    pull = _pullback_row(label, reverse[0], with_outputs) if reverse else None
    push = _pushforward_row(label, forward[0], forward[0] is not rop_overrides) if forward else None
    return FromGraph([fresh.get(v, v) for v in inputs], in_kind(outputs, ends), name, CustomRules(pull, push), inline)


OpFromGraph = from_graph  # Theano's name


def call(target: Any, *arguments: Any, inline: bool = False) -> Any:
    """The outputs of a Graph, or of a compiled function, as expressions of `arguments`.

    They are one node of the graph, or with `inline` the expressions themselves, as for `from_graph`. A function's
    shared variables are read, its updates are left out. A single output comes alone, several as a list.
    Raises as calls of `from_graph` do, ArgumentError for what is no graph.
    """
    inside = getattr(target, "specification", target)
    if not all(hasattr(inside, part) for part in ("inputs", "outputs", "name")):
        raise ArgumentError(f"call: a Graph or a function made by Bitale is wanted, not {target!r}")
    outputs = list(inside.outputs)
    ends = outputs[0] if len(outputs) == 1 else outputs
    return FromGraph(inside.inputs, ends, inside.name, CustomRules(None, None), inline)(*arguments)


def _pullback_row(label: str, rule: Any, with_outputs: bool) -> Pullback:
    def row(node: Apply, *cotangents: Variable | None) -> Contributions:
        inputs, outputs = list(node.inputs), list(node.outputs)
        given = [zeros_like(y) if g is None else g for g, y in zip(cotangents, outputs, strict=True)]
        arguments = (inputs, outputs, given) if with_outputs else (inputs, given)
        if callable(rule):
            answers = as_list(rule(*arguments))
            answers += [DEFAULT] * (len(inputs) - len(answers))  # for what the sub-graph closes over
        else:
            answers = [each(*arguments) if callable(each) else each for each in as_list(rule)]
            answers += [DEFAULT] * (len(inputs) - len(answers))
        usual = _usual(node, given) if any(isinstance(a, str) for a in answers) else {}
        found = [usual.get(k) if isinstance(a, str) else a for k, a in enumerate(answers)]
        return fitted_answers(f"the pullback of {label}", found, inputs)

    return row


def _usual(node: Apply, cotangents: Sequence[Variable]) -> dict[int, Variable]:
    """The cotangents that the body itself gives, by number of the input."""
    inputs = [Variable(v.type) for v in node.inputs]
    body: Graph = node.op.body
    outputs = substitute(body.outputs, dict(zip(body.inputs, inputs, strict=True)))
    floating = [k for k, v in enumerate(inputs) if is_differentiable(v.dtype)]
    pulled = pull_back(outputs, [inputs[k] for k in floating], list(cotangents), disconnected_inputs="ignore")
    return dict(zip(floating, substitute(pulled, dict(zip(inputs, node.inputs, strict=True))), strict=True))


def _pushforward_row(label: str, rule: Rule, with_outputs: bool) -> Pushforward:
    def row(node: Apply, tangents: Sequence[Variable | None]) -> Tangents:
        given = [zeros_like(x) if t is None else t for t, x in zip(tangents, node.inputs, strict=True)]
        inputs, outputs = list(node.inputs), list(node.outputs)
        answers = rule(inputs, outputs, given) if with_outputs else rule(inputs, given)
        return fitted_answers(f"the pushforward of {label}", answers, outputs)

    return row

"""custom_gradient: a user's own derivative of a sub-graph; checkpoint: one that is computed again, not kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from itertools import count
from typing import Any

from bitale_autodiff.arguments import as_list, in_kind
from bitale_autodiff.gradient import pullback as pull_back
from bitale_autodiff.rules.composite import CUSTOM, CustomRules, Token
from bitale_autodiff.rules.tables import Contributions, Pullback, Pushforward, Tangents
from bitale_autodiff.shaping import of_dtype, stretch, zeros_like
from bitale_graph.composite import composite
from bitale_graph.dtypes import is_differentiable
from bitale_graph.errors import ArgumentError, MissingInputError, explain
from bitale_graph.functions import as_variable
from bitale_graph.graph import Graph
from bitale_graph.ops.control import Composite
from bitale_graph.ops.movement import ExpandDims
from bitale_graph.variable import Apply, Variable

Build = Callable[..., Any]
Rule = Callable[[list[Variable], list[Variable], list[Variable]], Any]


def custom_gradient(
    function: Build | None = None, *, pullback: Rule | None = None, pushforward: Rule | None = None
) -> Build:
    """`function` with derivatives of your own: a decorator, or called on the function.

    `function` takes variables and builds one expression, or a list or tuple of them, of these variables alone.
    `pullback(inputs, outputs, cotangents)` answers with one array per input (None where there is no derivative),
    `pushforward(inputs, outputs, tangents)` with one per output; all arguments are lists of variables. A single
    input or output may be answered without a list. The mode for which there is no rule uses the other rule, which
    therefore must be linear in its last argument. Higher derivatives are taken of the rules themselves.

    Raises ArgumentError when neither is given or an answer does not fit, MissingInputError when `function` uses
    other symbolic variables than its arguments.
    """
    if pullback is None and pushforward is None:
        raise ArgumentError("custom_gradient: give a pullback, a pushforward, or both")
    if function is None:
        return lambda build: custom_gradient(build, pullback=pullback, pushforward=pushforward)
    label = getattr(function, "__name__", "custom")
    rules = CustomRules(
        None if pullback is None else _pullback_row(label, pullback),
        None if pushforward is None else _pushforward_row(label, pushforward),
    )

    @wraps(function)
    def build(*arguments: Any) -> Any:
        return _applied(function, label, rules, arguments)

    return build


def checkpoint(function: Build) -> Build:
    """`function`, whose inner values are computed again for the derivative instead of kept: less memory, more work."""

    def again(inputs: list[Variable], outputs: list[Variable], cotangents: list[Variable]) -> Any:
        wrt = [recompute(x, number=next(_recomputations)) for x in inputs]
        floating = [x for x in wrt if is_differentiable(x.dtype)]
        pulled = iter(pull_back(as_list(function(*wrt)), floating, cotangents, disconnected_inputs="ignore"))
        return [next(pulled) if is_differentiable(x.dtype) else None for x in wrt]

    return custom_gradient(function, pullback=again)


_recomputations = count()


@composite
def recompute(x: Variable, /, *, number: int) -> Variable:
    """x itself; what is made of it is not the same as what is made of x, as the number is unlike any other.

    When rewriting is over it is opened and becomes a view of x, which is no common subexpression with x either.
    """
    return ExpandDims(())(x)


def _applied(function: Build, label: str, rules: CustomRules, arguments: Sequence[Any]) -> Any:
    variables = [as_variable(a) for a in arguments]
    inside = [Variable(v.type, name=v.name) for v in variables]
    built = function(*inside)
    outputs = [as_variable(y) for y in as_list(built)]
    try:
        body = Graph(inside, outputs, label)
    except MissingInputError as error:
        raise MissingInputError(f"custom_gradient: {label} uses a variable that is not among its arguments\n{error}\n"
                                "  Pass every variable that it uses as an argument.") from None
    token = Token()
    CUSTOM[token] = rules
    node = Apply(Composite(label, (("rules", token),), body), variables)
    return in_kind(built, node.outputs)


def _pullback_row(label: str, rule: Rule) -> Pullback:
    def row(node: Apply, *cotangents: Variable | None) -> Contributions:
        given = [zeros_like(y) if g is None else g for g, y in zip(cotangents, node.outputs, strict=True)]
        answers = rule(list(node.inputs), list(node.outputs), given)
        return fitted_answers(f"the pullback of {label}", answers, node.inputs)

    return row


def _pushforward_row(label: str, rule: Rule) -> Pushforward:
    def row(node: Apply, tangents: Sequence[Variable | None]) -> Tangents:
        given = [zeros_like(x) if t is None else t for t, x in zip(tangents, node.inputs, strict=True)]
        answers = rule(list(node.inputs), list(node.outputs), given)
        return fitted_answers(f"the pushforward of {label}", answers, node.outputs)

    return row


def fitted_answers(what: str, answers: Any, wanted: Sequence[Variable]) -> list[Variable | None]:
    """What a rule answered as derivatives of the variables `wanted`. Raises ArgumentError where it does not fit."""
    given = as_list(answers)
    if len(given) != len(wanted):
        raise ArgumentError(explain(f"{what} gave {len(given)} derivatives for {len(wanted)} variables", wanted))
    return [None if g is None else _fit(what, as_variable(g), v) for g, v in zip(given, wanted, strict=True)]


def _fit(what: str, g: Variable, v: Variable) -> Variable:
    clash = any(n != m and None not in (n, m) and n != 1 for n, m in zip(g.type.shape, v.type.shape, strict=False))
    if g.ndim not in (0, v.ndim) or clash:
        raise ArgumentError(explain(f"{what} gave {g.type} for a variable of type {v.type}", [v, g]))
    return stretch(of_dtype(g, v.dtype), v)

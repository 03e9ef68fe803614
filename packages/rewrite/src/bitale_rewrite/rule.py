"""Rules: what is replaced by what, when, and what that preserves."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bitale_graph.errors import BitaleError
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.ops.elementwise import Elementwise
from bitale_graph.ops.movement import ExpandDims
from bitale_graph.shapes import shape_of
from bitale_graph.variable import Apply, Op, Variable
from bitale_rewrite.pattern import Bindings, Call, Pattern
from bitale_rewrite.sizes import broadcast_to, same_lengths

Preserves = Literal["bits", "reals", "domain"]
Replacement = Variable | Sequence[Variable] | None


class RuleError(BitaleError):
    """A rule is at fault: it changes a type, or rules undo each other. Not the user's program."""


@dataclass(frozen=True, eq=False)
class Rule:
    """A rewriting rule.

    `roots` are the functions and op classes it applies to; `transform` gives what replaces a node, or None.
    `may_match` looks at the heads of the inputs only. `preserves` says how far results stay the same:
    "bits" (the same values), "reals" (up to rounding; a result that overflow or cancellation spoiled may get better),
    "domain" (a NaN, an infinity or an error may be lost). `samples` builds expressions on which the rule fires.
    `alone`: not where an input is read elsewhere too, because it would then be computed twice.
    """

    name: str
    roots: tuple[Hashable, ...]
    transform: Callable[[Apply], Replacement]
    preserves: Preserves = "bits"
    left: Call | None = None
    may_match: Callable[[tuple[object, ...]], bool] | None = None
    samples: Callable[[], Iterable[Variable]] | None = None
    alone: bool = False

    def __str__(self) -> str:
        return self.name

    def apply(self, node: Apply) -> tuple[Variable, ...] | None:
        """What replaces the outputs of `node`, of their types; None where the rule does not apply."""
        new = self.transform(node)
        if new is None:
            return None
        given = (new,) if isinstance(new, Variable) else tuple(new)
        fitted = [fit(v, old) for v, old in zip(given, node.outputs, strict=True)]
        return None if None in fitted else tuple(fitted)  # type: ignore[arg-type]


def rule(
    left: Pattern,
    right: Any,
    when: Callable[..., bool] | None = None,
    preserves: Preserves = "bits",
    name: str | None = None,
    samples: Callable[[], Iterable[Variable]] | None = None,
) -> Rule:
    """The rule left -> right: `right` is an expression of the same wildcards, or a function of some of them (None
    from it: no match). `when` is a condition on wildcards, by their names. `samples` are needed where a wildcard
    matches special expressions only.
    """
    if not isinstance(left, Call):
        raise RuleError(f"the left side of a rule must be a function of something, not {left}")
    make, condition = _right_side(right), None if when is None else _by_name(when)
    dropped = left.names() - _names(right)

    def transform(node: Apply) -> Replacement:
        for found in left.match_inputs(node.inputs, {}):
            new = make(found) if condition is None or condition(found) else None
            if new is not None and all(_length_stays(found[name], new, node.outputs[0]) for name in dropped):
                return new
        return None

    shown = right.__name__ if inspect.isfunction(right) and right.__name__ != "<lambda>" else right
    text = name or f"{left} -> {'...' if inspect.isfunction(shown) else shown}"
    return Rule(text, (left.function,), transform, preserves, left, left.may_match, samples)


def rewrites(
    *roots: Hashable,
    name: str,
    preserves: Preserves = "bits",
    having: Sequence[object] = (),
    alone: bool = False,
    samples: Callable[[], Iterable[Variable]],
) -> Callable[[Callable[[Apply], Replacement]], Rule]:
    """Make a rule of a function from a node to what replaces it. It is asked about nodes whose function or op class is
    one of `roots` and, if `having` is given, one of whose inputs has one of these heads.
    """
    wanted = frozenset(having)

    def decorate(transform: Callable[[Apply], Replacement]) -> Rule:
        may_match = (lambda heads: not wanted.isdisjoint(heads)) if wanted else None
        return Rule(name, roots, transform, preserves, None, may_match, samples, alone)

    return decorate


def _right_side(right: Any) -> Callable[[Bindings], Replacement]:
    if isinstance(right, Pattern):
        return right.build
    if callable(right):
        return _by_name(right)
    return lambda found: as_variable(right)


def _length_stays(dropped: Variable, new: Variable | Sequence[Variable], old: Variable) -> bool:
    """Whether dropping an operand drops no check that its lengths fit (a scalar takes the lengths of `old`)."""
    return same_lengths(dropped, new if isinstance(new, Variable) and new.ndim else old)


def _names(right: Any) -> set[str]:
    if isinstance(right, Pattern):
        return right.names()
    return set(inspect.signature(right).parameters) if callable(right) else set()


def _by_name(function: Callable[..., Any]) -> Callable[[Bindings], Any]:
    """`function` called with the wildcards that its parameters name."""
    names = tuple(inspect.signature(function).parameters)
    return lambda found: function(*[found[name] for name in names])


def fit(new: Variable, old: Variable) -> Variable | None:
    """`new` cast and stretched to the type of `old`, or to a more precise one; None where it cannot have it."""
    if new.type is old.type:
        return new
    if new.dtype != old.dtype:
        new = cast(new, old.dtype)
    if new.ndim != old.ndim:
        if new.ndim:
            return None
        new = ExpandDims(tuple(range(old.ndim)))(new)
    lengths = list(zip(new.type.shape, old.type.shape, strict=True))
    if any(n not in (1, m) for n, m in lengths if m is not None):
        return None
    return broadcast_to(new, shape_of(old)) if any(n == 1 and m != 1 for n, m in lengths) else new


def roots_of(op: Op) -> tuple[Hashable, ...]:
    """The keys under which rules for `op` are found."""
    if isinstance(op, Elementwise):
        return op.function, Elementwise
    return (type(op),)  # type: ignore[return-value]

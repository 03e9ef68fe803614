"""The printer of one-line expressions: brackets where precedence needs them, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_graph.infix import ATOM, PATTERNS, Form, applied, render
from bitale_graph.ops.elementwise import FUNCTIONS


def text(tree: object, limit: int = 100, depth: int = 100) -> str | None:
    """The text of nested tuples (function, operand, ...)."""
    return render(tree, lambda t, left: applied(t[0], t[1:]) if isinstance(t, tuple) else Form([t]), limit, depth)


@pytest.mark.parametrize(
    ("tree", "written"),
    [
        (("subtract", "a", ("subtract", "b", "c")), "a - (b - c)"),
        (("subtract", ("subtract", "a", "b"), "c"), "a - b - c"),
        (("true_divide", "a", ("multiply", "b", "c")), "a / (b * c)"),
        (("negative", ("square", ("add", "a", "b"))), "-(a + b)**2"),
        (("square", ("negative", "a")), "(-a)**2"),
        (("power", "a", ("negative", "b")), "a**-b"),
        (("power", ("power", "a", "b"), "c"), "(a**b)**c"),
        (("logical_and", ("less", "a", "b"), ("logical_not", ("logical_or", "c", "d"))), "a < b and not (c or d)"),
        (("equal", ("less", "a", "b"), "c"), "(a < b) == c"),
        (("bitwise_and", ("bitwise_or", "a", "b"), ("left_shift", "c", "d")), "(a | b) & c << d"),
        (("multiply", ("reciprocal", "a"), "b"), "1 / a * b"),
        (("multiply", "b", ("reciprocal", "a")), "b * (1 / a)"),
        (("where", ("greater", "a", "b"), ("absolute", "a"), ("cast_int8", "b")), "where(a > b, abs(a), int8(b))"),
    ],
)
def test_brackets_follow_precedence(tree, written):
    assert text(tree) == written
    if set(written) <= set("abcd+-*/() "):  # Python reads it as it was meant
        values = {"a": 5.0, "b": 3.0, "c": 7.0, "d": 2.0}
        assert eval(written, values) == pytest.approx(_value(tree, values))


def _value(tree: object, values: dict) -> float:
    if not isinstance(tree, tuple):
        return values[tree]
    return getattr(np, tree[0])(*[_value(t, values) for t in tree[1:]])


def test_patterns_belong_to_functions():
    assert set(PATTERNS) <= set(FUNCTIONS)
    for name, (text, wanted, binding) in PATTERNS.items():
        assert text.count("{}") == len(wanted) == FUNCTIONS[name].arity
        assert binding <= ATOM


def test_what_is_longer_than_the_limit_is_none():
    assert text(("add", "a", "b"), limit=5) == "a + b"
    assert text(("add", "a", "b"), limit=4) is None

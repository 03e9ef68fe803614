"""Expressions as text, as trees and as LaTeX."""

from __future__ import annotations

import io

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T


def tree(target, **options) -> list[str]:
    file = io.StringIO()
    bt.debugprint(target, file, **options)
    return file.getvalue().splitlines()


def test_one_line():
    x, w = T.vector("x"), bt.shared(np.ones(3), "w")
    assert bt.pp(T.exp(x * w) + 1) == "exp(x * w) + 1"
    assert str(w) == "`w`"
    assert bt.pp(w) == "w"


def test_a_tree_shows_what_is_used_twice_once():
    x = T.vector("x")
    y = T.exp(x)
    y.name = "grown"
    assert tree(y * (y + 1)) == [
        "[1] multiply: float64[?]",
        "├─ [2] exp `grown`: float64[?]",
        "│  └─ x: float64[?]",
        "└─ [3] add: float64[?]",
        "   ├─ [2] exp `grown` (above)",
        "   └─ 1.0: float64",
    ]
    assert tree(y, types=False) == ["[1] exp `grown`", "└─ x"]


def test_trees_of_lists_graphs_and_functions(capsys):
    x, w = T.vector("x"), bt.shared(1.0, "w")
    f = bt.function([x], T.exp(x), updates={w: w * 2}, mode="numpy")
    expected = ["[1] exp", "└─ x", "[2] multiply", "├─ w", "└─ 2.0"]
    assert tree(f, types=False) == tree(f.specification.graph, types=False) == expected
    assert tree([T.exp(x), T.log(x)], types=False) == ["[1] exp", "└─ x", "[2] log", "└─ x"]
    bt.dprint(x)
    assert capsys.readouterr().out == "x: float64[?]\n"
    with pytest.raises(ValueError, match="debugprint shows variables, graphs and functions, not 3"):
        tree(3)


def test_a_compiled_function_has_a_tree_too():
    x = T.vector("x")
    assert tree(bt.function([x], T.exp(x)), types=False) == ["[1] exp", "└─ x"]


def test_a_deep_tree_is_cut_off():
    x = T.vector("x")
    y = x
    for _ in range(10_000):
        y = T.sin(y)
    assert tree(y, depth=2, types=False) == ["[1] sin", "└─ [2] sin", "   └─ [3] sin", "      └─ ..."]
    assert len(tree(y)) == 102
    assert bt.pp(y, limit=20) == "sin(sin(sin(...)))"


def test_latex():
    x = T.vector("x")
    assert bt.latex(T.exp(x)) == bt.printing.latex(T.exp(x))
    assert bt.latex(x) in T.exp(x)._repr_latex_()

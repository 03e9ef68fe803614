"""Variables as LaTeX, for notebooks: the outer part of an expression, its depths left out as dots."""

from __future__ import annotations

import re
from collections import deque

import numpy as np

from bitale_graph.graph import toposort
from bitale_graph.notation import ATOM, NOTATION, PRODUCT, SUM, Piece, call
from bitale_graph.ops.elementwise import Elementwise
from bitale_graph.text import constant_text
from bitale_graph.variable import Apply, Constant, Variable

DEPTH = 12  # applications inside one another that are shown
LENGTH = 1500  # characters of LaTeX that are shown
DOTS = Piece(r"\cdots", ATOM)
GREEK = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega
    Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
"""


def latex(variable: Variable) -> str:
    """The expression that computes `variable`, in LaTeX's mathematics.

    Named intermediate variables stand by their names. What lies deep inside becomes dots: deeper than twelve
    applications, or less where the formula would not fit a screen.
    """
    formulas = (_formula(variable, depth) for depth in range(DEPTH, 0, -1))
    return next((piece.text for piece in formulas if piece is not None), DOTS.text)


def _formula(variable: Variable, depth: int) -> Piece | None:
    """The outer `depth` applications, or None when that is too long."""
    shown = _outer(variable, depth)
    pieces: dict[Variable, Piece] = {}
    for node in toposort([variable], stop=_boundary(shown, variable)):
        key = node.op.function if isinstance(node.op, Elementwise) else node.op
        notation = NOTATION.find(key) or call
        piece = notation(node, *[pieces.get(v) or _leaf(v) for v in node.inputs])
        if len(piece.text) > LENGTH:
            return None
        pieces.update(dict.fromkeys(node.outputs, piece))
    return pieces.get(variable) or _leaf(variable)


def _outer(variable: Variable, depth: int) -> set[Apply]:
    """The applications within `depth` of the variable, not looking behind named variables."""
    shown: set[Apply] = set()
    pending = deque([(variable, depth)])
    while pending:
        v, left = pending.popleft()
        if v.owner is None or v.owner in shown or not left or (v.name and v is not variable):
            continue
        shown.add(v.owner)
        pending.extend((operand, left - 1) for operand in v.owner.inputs)
    return shown


def _boundary(shown: set[Apply], variable: Variable) -> set[Variable]:
    """The operands at which the picture ends."""
    operands = {v for node in shown for v in node.inputs}
    return {v for v in operands if v.owner not in shown or (v.name and v is not variable)}


def _leaf(variable: Variable) -> Piece:
    if variable.name:
        return Piece(name_latex(variable.name), ATOM)
    if isinstance(variable, Constant):
        return number(variable.data)
    return DOTS if variable.owner else Piece(rf"\mathtt{{{_escaped(str(variable.type))}}}", ATOM)


def number(data: np.ndarray) -> Piece:
    """A constant: a scalar as a number, 1e-05 as a power of ten; an array as text."""
    if data.ndim:
        return Piece(rf"\mathtt{{{_escaped(constant_text(data))}}}", ATOM)
    text = repr(data.item())
    for word, sign in (("inf", r"\infty"), ("nan", r"\mathrm{NaN}"), ("True", r"\mathrm{T}"), ("False", r"\mathrm{F}")):
        text = text.replace(word, sign)
    text = re.sub(r"\.0$", "", text)
    text = re.sub(r"e([+-]?)0*(\d+)", lambda m: rf" \cdot 10^{{{m[1].strip('+')}{m[2]}}}", text)
    return Piece(text, SUM if text[0] == "-" else PRODUCT if " " in text else ATOM)


def name_latex(name: str) -> str:
    """A name: `alpha` as the letter, `w_1` and `w1` with an index, longer words in italics."""
    base, index = re.fullmatch(r"(.*?)_?(\d*)", name, re.DOTALL).groups()  # type: ignore[union-attr]
    if base in GREEK.split():
        text = rf"\{base}"
    elif len(base) == 1 and base.isalpha():
        text = base
    else:
        return rf"\mathit{{{_escaped(name)}}}"
    return f"{text}_{{{index}}}" if index else text


def _escaped(text: str) -> str:
    text = re.sub(r"[\\^~]", " ", text)
    return re.sub(r"([#$%&_{}])", r"\\\1", text)

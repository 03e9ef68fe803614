"""The mathematical notation of each op: a table from ops and elementwise functions to LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bitale_graph.ops import elementwise as rows
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.elementwise import CASTS, FUNCTIONS
from bitale_graph.ops.movement import Broadcast, Dimension, ExpandDims, Squeeze, Transpose
from bitale_graph.ops.reduction import Reduce
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply

RELATION, SUM, PRODUCT, POWER, ATOM = range(5)  # how tightly a piece holds together


class Piece(NamedTuple):
    """A part of a formula, and how tightly it holds together."""

    text: str
    binding: int

    def within(self, binding: int) -> str:
        """The text, in parentheses unless it holds together at least as tightly as `binding`."""
        return self.text if self.binding >= binding else rf"\left({self.text}\right)"

    def after_sign(self, binding: int) -> str:
        """As `within`, for a place after a sign, where another sign would be misread."""
        return self.within(ATOM if self.text[0] == "-" else binding)


Notation = Callable[..., Piece]
NOTATION: RuleTable[Notation] = RuleTable("notation")

INFIX = {
    "add": ("+", SUM, SUM), "subtract": ("-", SUM, PRODUCT), "remainder": (r"\bmod", PRODUCT, POWER),
    "equal": ("=", RELATION, SUM), "not_equal": (r"\neq", RELATION, SUM), "less": ("<", RELATION, SUM),
    "less_equal": (r"\leq", RELATION, SUM), "greater": (">", RELATION, SUM), "greater_equal": (r"\geq", RELATION, SUM),
    "logical_and": (r"\wedge", RELATION, SUM), "logical_or": (r"\vee", RELATION, SUM),
    "bitwise_and": (r"\mathbin{\&}", PRODUCT, POWER), "bitwise_or": (r"\mathbin{|}", SUM, PRODUCT),
    "bitwise_xor": (r"\oplus", SUM, PRODUCT), "left_shift": (r"\ll", RELATION, SUM),
    "right_shift": (r"\gg", RELATION, SUM),
}  # fmt: skip
COMMANDS = {
    "sin": r"\sin", "cos": r"\cos", "tan": r"\tan", "arcsin": r"\arcsin", "arccos": r"\arccos", "arctan": r"\arctan",
    "sinh": r"\sinh", "cosh": r"\cosh", "tanh": r"\tanh", "log": r"\log", "log2": r"\log_{2}", "log10": r"\log_{10}",
    "maximum": r"\max", "minimum": r"\min", "gcd": r"\gcd", "sigmoid": r"\sigma", "gammaln": r"\log\Gamma",
    "digamma": r"\psi", "real": r"\operatorname{Re}", "imag": r"\operatorname{Im}", "angle": r"\arg",
}  # fmt: skip
# Text around each operand, what operands must hold together as, and how the whole does.
PATTERNS = {
    "true_divide": (r"\frac{{{0}}}{{{1}}}", RELATION, ATOM),
    "reciprocal": (r"\frac{{1}}{{{0}}}", RELATION, ATOM),
    "negative": (r"-{0}", PRODUCT, SUM),
    "logical_not": (r"\neg {0}", POWER, PRODUCT),
    "invert": (r"\mathord{{\sim}} {0}", POWER, PRODUCT),
    "absolute": (r"\left|{0}\right|", RELATION, ATOM),
    "floor": (r"\left\lfloor {0} \right\rfloor", RELATION, ATOM),
    "ceil": (r"\left\lceil {0} \right\rceil", RELATION, ATOM),
    "floor_divide": (r"\left\lfloor \frac{{{0}}}{{{1}}} \right\rfloor", RELATION, ATOM),
    "sqrt": (r"\sqrt{{{0}}}", RELATION, ATOM),
    "cbrt": (r"\sqrt[3]{{{0}}}", RELATION, ATOM),
    "square": (r"{0}^{{2}}", ATOM, POWER),
    "exp": (r"e^{{{0}}}", RELATION, POWER),
    "exp2": (r"2^{{{0}}}", RELATION, POWER),
    "expm1": (r"e^{{{0}}} - 1", RELATION, SUM),
    "softplus": (r"\log\left(1 + e^{{{0}}}\right)", RELATION, ATOM),
    "log1mexp": (r"\log\left(1 - e^{{{0}}}\right)", RELATION, ATOM),
    "logaddexp": (r"\log\left(e^{{{0}}} + e^{{{1}}}\right)", RELATION, ATOM),
    "conjugate": (r"\overline{{{0}}}", RELATION, ATOM),
    "make_complex": (r"{0} + i \, {1}", PRODUCT, SUM),
    "where": (r"\begin{{cases}} {1} & \text{{if }} {0} \\ {2} & \text{{otherwise}} \end{{cases}}", RELATION, SUM),
}
SIGNS = {"add": r"\sum", "multiply": r"\prod", "maximum": r"\max", "minimum": r"\min"}
PRODUCTS = {  # Contract's labels -> the product of matrices and vectors
    ("ab", "bc", "ac"): r"{0} \, {1}", ("ab", "b", "a"): r"{0} \, {1}", ("a", "ab", "b"): r"{0}^{{\top}} \, {1}",
    ("a", "a", ""): r"{0}^{{\top}} \, {1}", ("a", "b", "ab"): r"{0} \, {1}^{{\top}}",
    ("ab", "ac", "bc"): r"{0}^{{\top}} \, {1}", ("ab", "cb", "ac"): r"{0} \, {1}^{{\top}}",
    ("ab", "a", "b"): r"{0}^{{\top}} \, {1}",
}  # fmt: skip


def call(node: Apply, *operands: Piece) -> Piece:
    """name(x, y): how an op without a row is written."""
    name = node.op.name.replace("_", r"\_")
    return _called(rf"\operatorname{{{name}}}", *operands)


def _called(command: str, *operands: Piece) -> Piece:
    return Piece(rf"{command}\left({', '.join(p.text for p in operands)}\right)", ATOM)


def _infix(sign: str, binding: int, right: int) -> Notation:
    def notation(node: Apply, x: Piece, y: Piece) -> Piece:
        return Piece(f"{x.within(max(binding, SUM))} {sign} {y.after_sign(right)}", binding)

    return notation


def _command(command: str) -> Notation:
    return lambda node, *operands: _called(command, *operands)


def _pattern(text: str, inner: int, binding: int) -> Notation:
    return lambda node, *operands: Piece(text.format(*[p.within(inner) for p in operands]), binding)


for _table, _make in ((INFIX, _infix), (PATTERNS, _pattern)):
    for _name, _parts in _table.items():
        NOTATION.add(FUNCTIONS[_name], _make(*_parts))
for _name, _text in COMMANDS.items():
    NOTATION.add(FUNCTIONS[_name], _command(_text))


@NOTATION.register(ExpandDims, Squeeze, Broadcast, rows.identity, *CASTS.values())
def _itself(node: Apply, x: Piece, *lengths: Piece) -> Piece:
    return x


@NOTATION.register(rows.multiply)
def _multiply(node: Apply, x: Piece, y: Piece) -> Piece:
    """Juxtaposed where one is a scalar, with a dot before a digit, and elementwise among arrays."""
    sign = r"\odot" if all(v.ndim for v in node.inputs) else (r"\cdot" if y.text[0].isdigit() else r"\,")
    return Piece(f"{x.within(PRODUCT)} {sign} {y.within(PRODUCT)}", PRODUCT)


@NOTATION.register(rows.log1p)
def _log1p(node: Apply, x: Piece) -> Piece:
    return Piece(rf"\log\left(1 + {x.after_sign(SUM)}\right)", ATOM)


@NOTATION.register(rows.power)
def _power(node: Apply, x: Piece, y: Piece) -> Piece:
    return Piece(f"{x.within(ATOM)}^{{{y.text}}}", POWER)


@NOTATION.register(Transpose)
def _transpose(node: Apply, x: Piece) -> Piece:
    return Piece(rf"{x.within(ATOM)}^{{\top}}", POWER) if node.op.axes == (1, 0) else call(node, x)


@NOTATION.register(Reduce)
def _reduce(node: Apply, x: Piece) -> Piece:
    sign = SIGNS.get(node.op.function.name)
    if sign is None:
        return call(node, x)
    axes = "" if node.op.axes == tuple(range(node.inputs[0].ndim)) else f"_{{{', '.join(map(str, node.op.axes))}}}"
    return Piece(rf"{sign}{axes} {x.within(PRODUCT)}", PRODUCT)


@NOTATION.register(Contract)
def _contract(node: Apply, x: Piece, y: Piece) -> Piece:
    op = node.op
    pattern = PRODUCTS.get((op.left, op.right, op.result))
    if pattern is None:
        labels = rf"{op.left},{op.right} \to {op.result}"
        return _called(rf"\operatorname{{contract}}_{{{labels}}}", x, y)
    left = x.within(ATOM if "{0}^" in pattern else PRODUCT)
    right = y.within(ATOM if "{1}^" in pattern else POWER)
    return Piece(pattern.format(left, right), PRODUCT)


@NOTATION.register(Dimension)
def _dimension(node: Apply, x: Piece) -> Piece:
    return _called(rf"\dim_{{{node.op.axis}}}", x)

"""Logarithms of positive expressions from those of their parts: of 3 exp(x) / (1 + exp(y)), x - softplus(y) + log(3).

The expression itself, which may overflow or underflow, is not computed: for rewriting, and for derivatives, which
would divide by it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container
from functools import reduce

from bitale_graph.dtypes import FLOATS
from bitale_graph.functions.composites import log_softmax, logsumexp
from bitale_graph.functions.quotients import sigmoid_argument
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.control import Composite
from bitale_graph.ops.elementwise import Elementwise, Function
from bitale_graph.ops.movement import Broadcast, ExpandDims, Squeeze, Transpose
from bitale_graph.ops.reduction import Reduce
from bitale_graph.variable import Apply, Constant, Variable

Logarithm = Variable | float
MOVES = (Broadcast, ExpandDims, Squeeze, Transpose)
TERMS = 32  # terms of a sum or a product that are looked at
DEPTH = 6  # sums in products in sums ...


def scalar(x: Variable) -> float | None:
    """The value of a constant scalar."""
    return float(x.data) if isinstance(x, Constant) and x.ndim == 0 and x.dtype in FLOATS else None


class Logarithms:
    """Finds logarithms. `constant` gives the value of a constant, or None; what is in `kept` is not looked into.

    With `poles` log(1 / x) is -log(x), which is not the same where x is 0. `leaves` are the variables that the
    logarithms found are made of.
    """

    def __init__(
        self,
        constant: Callable[[Variable], float | None] = scalar,
        kept: Container[Variable] = (),
        poles: bool = False,
    ) -> None:
        self.constant = constant
        self.kept = kept
        self.poles = poles
        self.leaves: list[Variable] = []

    def of(self, x: Variable, depth: int = DEPTH) -> Logarithm | None:
        """log(x), if x is seen to be positive and its parts have logarithms."""
        value = self.constant(x)
        if value is not None:
            return math.log(value) if 0 < value < math.inf else None
        node = x.owner
        if node is None or not depth or x in self.kept or x.dtype not in FLOATS:
            return None
        if isinstance(node.op, Elementwise):
            rule = RULES.get(node.op.function)
            return None if rule is None else rule(self, node, depth - 1)
        return self._of_array(node, depth - 1)

    def leaf(self, x: Variable) -> Variable:
        """x, noted as a part of the logarithm."""
        self.leaves.append(x)
        return x

    def _of_array(self, node: Apply, depth: int) -> Logarithm | None:
        x = node.inputs[0]
        if isinstance(node.op, Composite) and node.op.label == "softmax":
            return log_softmax(self.leaf(x), dict(node.op.key)["axis"])
        if isinstance(node.op, (Reduce, *MOVES)):
            inner = self.of(x, depth)
            if isinstance(inner, Variable) and inner.ndim == x.ndim:
                if isinstance(node.op, MOVES):
                    return node.op(inner, *map(self.leaf, node.inputs[1:]))
                if node.op.function is row.add:
                    return logsumexp(inner, node.op.axes) if node.op.axes else inner
                if node.op.function is row.multiply:
                    return Reduce(row.add, node.op.axes)(inner)
        return None

    # ---- sums and products -----------------------------------------------------------------------------------------

    def sum_of(self, x: Variable, depth: int, start: Logarithm | None = None) -> Logarithm | None:
        """log(start + a + b + ...) for a sum x of positive terms."""
        found = [] if start is None else [start]
        for term in terms(x, row.add):
            logarithm = self.of(term, depth)
            if logarithm is None:
                return None
            found.append(logarithm)
        constants = [each for each in found if isinstance(each, float)]
        others = [each for each in found if isinstance(each, Variable)]
        rest = math.log(math.fsum(map(math.exp, constants))) if constants else -math.inf
        if not others:
            return rest
        total = reduce(row.logaddexp, others)
        if rest == -math.inf:
            return total
        return row.softplus(total) if rest == 0 else row.logaddexp(total, rest)

    def product_of(self, x: Variable, depth: int, rest: bool = False) -> Logarithm | None:
        """log of a product or a quotient; with `rest` also where some factors have no logarithm but their own."""
        above, below = factors(x)
        total: Logarithm = 0.0
        unknown: list[list[Variable]] = [[], []]
        known = 0
        for side, each in ((0, above), (1, below)):
            for factor in each:
                logarithm = self.of(factor, depth)
                if logarithm is None:
                    unknown[side].append(factor)
                    continue
                known += isinstance(logarithm, Variable)
                total = _plus(total, logarithm if side == 0 else -logarithm)
        over, under = unknown
        if over or under:
            if not rest or not known or (under and not self.poles):
                return None
            for sign, each in ((1, over), (-1, under)):
                if each:
                    more = row.log(reduce(row.multiply, map(self.leaf, each)))
                    total = _plus(total, more if sign > 0 else -more)
        return total


def logarithm(node: Apply, find: Logarithms) -> Variable | None:
    """What log or log1p of an expression is, made of logarithms of parts; None where it only is what it is."""
    x = node.inputs[0]
    return _fitting(_log1p(x, find) if _function(node.outputs[0]) is row.log1p else _log(x, find), x)


def logarithm_of_multiple(node: Apply, find: Logarithms) -> Variable | None:
    """log of a product in which some factors have logarithms made of parts: of 2 a exp(x), x + log(2 a)."""
    x = node.inputs[0]
    if _function(x) not in PRODUCTS or x in find.kept:
        return None
    return _fitting(find.product_of(x, DEPTH, rest=True), x)


def _fitting(found: Logarithm | None, x: Variable) -> Variable | None:
    if not isinstance(found, Variable) or (found.ndim, found.dtype) != (x.ndim, x.dtype):
        return None
    return found


def _log(x: Variable, find: Logarithms) -> Logarithm | None:
    if x.owner is None or x in find.kept or _function(x) is row.erfc:
        return None
    found = find.of(x)
    if found is None and _function(x) is row.subtract:
        left, right = (find.of(v) for v in x.owner.inputs)
        if left is not None and right is not None and not (isinstance(left, float) and isinstance(right, float)):
            return _plus(left, row.log1mexp(_plus(right, -left)))
    return found


def _log1p(x: Variable, find: Logarithms) -> Logarithm | None:
    if _function(x) is not row.negative or x in find.kept:
        tangent = _of_one_plus(find, x)
        return find.sum_of(x, DEPTH, start=0.0) if tangent is None else tangent
    inner = x.owner.inputs[0]  # type: ignore[union-attr]
    known = _of_one_minus(find, inner)
    found = find.of(inner) if known is None else None
    return row.log1mexp(found) if isinstance(found, Variable) else known


def terms(x: Variable, function: Function) -> list[Variable]:
    """The operands of nested applications of an associative function, at most TERMS of them."""
    found: list[Variable] = []
    pending = [x]
    while pending:
        v = pending.pop()
        if v.owner is not None and _function(v) is function and len(found) + len(pending) < TERMS:
            pending.extend(reversed(v.owner.inputs))
        else:
            found.append(v)
    return found


def factors(x: Variable) -> tuple[list[Variable], list[Variable]]:
    """x as the product of the first list divided by that of the second."""
    sides: tuple[list[Variable], list[Variable]] = ([], [])
    pending = [(x, 0)]
    while pending:
        v, side = pending.pop()
        function = _function(v)
        if v.owner is None or function not in PRODUCTS or len(pending) + sum(map(len, sides)) > TERMS:
            sides[side].append(v)
        elif function is row.reciprocal:
            pending.append((v.owner.inputs[0], 1 - side))
        else:
            second = 1 - side if function is row.true_divide else side
            pending += [(v.owner.inputs[1], second), (v.owner.inputs[0], side)]
    return sides


PRODUCTS = (row.multiply, row.true_divide, row.reciprocal)


def _function(v: Variable) -> Function | None:
    return v.owner.op.function if v.owner is not None and isinstance(v.owner.op, Elementwise) else None


def _plus(a: Logarithm, b: Logarithm) -> Logarithm:
    if isinstance(a, float) and isinstance(b, float):
        return a + b
    return b if isinstance(a, float) and a == 0 else a if isinstance(b, float) and b == 0 else row.add(a, b)


# ---- elementwise functions whose results are positive ----


def _exp(find: Logarithms, node: Apply, depth: int) -> Logarithm:
    return find.leaf(node.inputs[0])


def _sigmoid(find: Logarithms, node: Apply, depth: int) -> Logarithm:
    return -row.softplus(-find.leaf(node.inputs[0]))


def _subtract(find: Logarithms, node: Apply, depth: int) -> Logarithm | None:
    one, x = node.inputs
    return _of_one_minus(find, x) if find.constant(one) == 1 else None


def _of_one_minus(find: Logarithms, x: Variable) -> Variable | None:
    """log(1 - sigmoid(y)), log(1 - tanh(y)) and log(1 - tanh(y)²)."""
    found = sigmoid_argument(x, find.kept)
    if found is not None:
        y, sign = found
        return -row.softplus(find.leaf(y) if sign > 0 else -find.leaf(y))
    inside = None if x.owner is None or x in find.kept else x.owner.inputs[0]
    if inside is None:
        return None
    if _function(x) is row.tanh:
        return _log_one_plus_tanh(-find.leaf(inside))
    if _power_of(find, x) == 2 and _function(inside) is row.tanh and inside not in find.kept:
        return -2 * log_cosh(find.leaf(inside.owner.inputs[0]))  # type: ignore[union-attr]
    return None


def _of_one_plus(find: Logarithms, x: Variable) -> Variable | None:
    """log(1 + tanh(y))."""
    if _function(x) is not row.tanh or x in find.kept:
        return None
    return _log_one_plus_tanh(find.leaf(x.owner.inputs[0]))  # type: ignore[union-attr]


def log_cosh(x: Variable) -> Variable:
    """log(cosh(x)), which does not overflow, and has all its digits near 0, where it is x²/2."""
    size = row.absolute(x)
    far = size + row.log1p(row.exp(-2 * size)) - math.log(2)
    return row.where(row.less(size, 1), _near_log_cosh(row.minimum(size, 1)), far)


def _log_one_plus_tanh(x: Variable) -> Variable:
    """log(1 + tanh(x)) = log(2 / (1 + exp(-2x))), with all its digits near 0."""
    near = row.maximum(row.minimum(x, 1), -1)
    far = math.log(2) - row.softplus(-2 * x)
    return row.where(row.less(row.absolute(x), 1), near - _near_log_cosh(near), far)


def _near_log_cosh(x: Variable) -> Variable:
    return 0.5 * row.log1p(row.square(row.sinh(x)))


def _power_of(find: Logarithms, x: Variable) -> float | None:
    """The k of x = y ** k, if x is a power with a constant exponent."""
    function = _function(x)
    if function is row.square:
        return 2.0
    if function is row.multiply and x.owner.inputs[0] is x.owner.inputs[1]:  # type: ignore[union-attr]
        return 2.0
    return find.constant(x.owner.inputs[1]) if function is row.power else None  # type: ignore[union-attr]


def _cosh(find: Logarithms, node: Apply, depth: int) -> Logarithm:
    return log_cosh(find.leaf(node.inputs[0]))


def _power(find: Logarithms, node: Apply, depth: int) -> Logarithm | None:
    exponent, inner = find.constant(node.inputs[1]), find.of(node.inputs[0], depth)
    return None if inner is None or not exponent or math.isinf(exponent) else exponent * inner


def _erfc(find: Logarithms, node: Apply, depth: int) -> Logarithm:
    return row.log(row.erfc(find.leaf(node.inputs[0])))


def _sum(find: Logarithms, node: Apply, depth: int) -> Logarithm | None:
    for one, x in (node.inputs, node.inputs[::-1]):
        found = _of_one_plus(find, x) if find.constant(one) == 1 else None
        if found is not None:
            return found
    return find.sum_of(node.outputs[0], depth)


def _product(find: Logarithms, node: Apply, depth: int) -> Logarithm | None:
    return find.product_of(node.outputs[0], depth)


def _square(find: Logarithms, node: Apply, depth: int) -> Logarithm | None:
    inner = find.of(node.inputs[0], depth)
    return None if inner is None else 2 * inner


def _sqrt(find: Logarithms, node: Apply, depth: int) -> Logarithm | None:
    inner = find.of(node.inputs[0], depth)
    return None if inner is None else 0.5 * inner


RULES: dict[Function, Callable[[Logarithms, Apply, int], Logarithm | None]] = {
    row.exp: _exp, row.sigmoid: _sigmoid, row.erfc: _erfc, row.subtract: _subtract, row.add: _sum,
    row.multiply: _product, row.true_divide: _product, row.reciprocal: _product, row.square: _square, row.sqrt: _sqrt,
    row.power: _power, row.cosh: _cosh,
}  # fmt: skip

"""Contractions: transposes become labels, factors come out, axes of length 1 go, chains are reassociated by cost."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from string import ascii_letters

from bitale_graph.dtypes import INEXACT
from bitale_graph.functions.contraction import contract, sum_labels
from bitale_graph.functions.contraction_order import UNKNOWN_LENGTH, Term, contraction_order
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.elementwise import Elementwise, add, multiply, negative, true_divide
from bitale_graph.ops.movement import Broadcast, ExpandDims, Slice, Squeeze, Transpose
from bitale_graph.ops.reduction import Reduce
from bitale_graph.shapes import shape_of
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.constants import finite_factor
from bitale_rewrite.rule import Replacement, Rule, rewrites
from bitale_rewrite.rules.movement import bounds_of, source
from bitale_rewrite.samples import array
from bitale_rewrite.sizes import broadcast_to, slice_of

MATMUL = Contract("ab", "bc", "ac")


def _transposed() -> Iterator[Variable]:
    x, y = array(None, 3, name="x"), array(None, 3, name="y")
    yield MATMUL(x, Transpose((1, 0))(y))
    yield Contract("abc", "dc", "abd")(Transpose((2, 0, 1))(array(None, 3, 2)), y)


@rewrites(Contract, name="transposes into contractions", preserves="reals", having=(Transpose,), samples=_transposed)
def absorb_transposes(node: Apply) -> Replacement:
    """dot(x, y.T) -> a contraction that reads y as it is."""
    (x, left), (y, right) = (_untransposed(*term) for term in zip(node.inputs, (node.op.left, node.op.right)))
    return contract(x, y, left, right, node.op.result)


def _untransposed(x: Variable, labels: str) -> Term:
    inner = source(x, Transpose)
    if inner is None:
        return x, labels
    return inner.inputs[0], "".join(labels[inner.op.axes.index(axis)] for axis in range(x.ndim))


def _results() -> Iterator[Variable]:
    yield Transpose((1, 0))(MATMUL(array(None, 3, name="x"), array(3, 2, name="y")))


@rewrites(
    Transpose, name="transpose of a contraction", preserves="reals", having=(Contract,), alone=True, samples=_results
)
def transpose_result(node: Apply) -> Replacement:
    """dot(x, y).T -> a contraction that writes the transposed result."""
    inner = source(node.inputs[0], Contract)
    if inner is None:
        return None
    op, (x, y) = inner.op, inner.inputs
    return contract(x, y, op.left, op.right, "".join(op.result[axis] for axis in node.op.axes))


def _scaled() -> Iterator[Variable]:
    x, y = array(None, 3, name="x"), array(3, 2, name="y")
    yield from (MATMUL(-x, y), MATMUL(x, -y), MATMUL(2.0 * x, y), MATMUL(x, y / 3.0))


@rewrites(
    Contract,
    name="factors out of contractions",
    preserves="reals",
    having=(negative, multiply, true_divide),
    samples=_scaled,
)
def scale_result(node: Apply) -> Replacement:
    """dot(c x, y) -> c dot(x, y) for a constant c: the alpha of a matrix product."""
    for k, v in enumerate(node.inputs):
        inner = source(v, Elementwise)
        if inner is None or inner.op.function not in (negative, multiply, true_divide):
            continue
        orders = [inner.inputs, inner.inputs[::-1]] if inner.op.function is multiply else [inner.inputs]
        for x, *factors in orders:
            known = [c for c in map(finite_factor, factors) if c is not None]
            if len(known) == len(factors) and x.type == v.type:
                return inner.op(node.op(*[x if i == k else w for i, w in enumerate(node.inputs)]), *known)
    return None


def _ones() -> Iterator[Variable]:
    x, y = array(None, 3, name="x"), array(3, 1, name="y")
    yield MATMUL(x, y)
    yield Contract("ab", "cb", "ac")(array(1, 3, name="x"), array(1, 3, name="y"))
    yield Contract("ab", "bc", "ac")(array(2, 1, name="x"), array(1, 3, name="y"))
    yield Contract("a", "b", "ab")(array(2, name="x"), array(3, name="y"))


@rewrites(Contract, name="contract no axes of length 1", preserves="reals", samples=_ones)
def drop_ones(node: Apply) -> Replacement:
    """Axes of length 1 take no part; what then sums nothing is an elementwise product."""
    op, (x, y) = node.op, node.inputs
    lengths = dict(zip(op.left + op.right, x.type.shape + y.type.shape))
    ones = "".join(label for label in lengths if lengths[label] == 1)
    if not ones and op.summed:
        return None
    left, right, result = (_without(labels, ones) for labels in (op.left, op.right, op.result))
    x, y = (_squeezed(v, labels, ones) for v, labels in ((x, op.left), (y, op.right)))
    if _without(op.summed, ones):
        product = contract(x, y, left, right, result)
    else:
        product = multiply(_aligned(x, left, result), _aligned(y, right, result))
    added = tuple(axis for axis, label in enumerate(op.result) if label in ones)
    return ExpandDims(added)(product) if added else product


def _without(labels: str, dropped: str) -> str:
    return "".join(label for label in labels if label not in dropped)


def _squeezed(x: Variable, labels: str, ones: str) -> Variable:
    axes = tuple(axis for axis, label in enumerate(labels) if label in ones)
    return Squeeze(axes)(x) if axes else x


def _aligned(x: Variable, labels: str, result: str) -> Variable:
    """x with its axes in the order of `result`, and axes of length 1 for the labels it lacks."""
    order = tuple(labels.index(label) for label in result if label in labels)
    missing = tuple(axis for axis, label in enumerate(result) if label not in labels)
    x = x if order == tuple(range(x.ndim)) else Transpose(order)(x)
    return ExpandDims(missing)(x) if missing and x.ndim else x


def _stretched() -> Iterator[Variable]:
    x = array(2, 3, name="x")
    yield MATMUL(x, Broadcast((3, 4))(array(1, 4, name="row")))
    yield MATMUL(Broadcast((2, 3))(array(2, 1, name="column")), array(3, 4, name="y"))


@rewrites(
    Contract,
    name="sum instead of contracting what is stretched",
    preserves="reals",
    having=(Broadcast,),
    samples=_stretched,
)
def contract_stretched(node: Apply) -> Replacement:
    """dot(x, broadcast(y)) -> sum(x) y over the summed axes along which y does not vary."""
    op = node.op
    for k, (v, labels) in enumerate(zip(node.inputs, (op.left, op.right))):
        inner = source(v, Broadcast)
        if inner is None:
            continue
        constant = "".join(c for c, n in zip(labels, inner.inputs[0].type.shape) if n == 1 and c in op.summed)
        if not constant:
            continue
        small = _squeezed(inner.inputs[0], labels, constant)
        lengths = [n for n, label in zip(shape_of(v), labels) if label not in constant]
        stretched = broadcast_to(small, lengths) if small.ndim else small
        other, other_labels = node.inputs[1 - k], (op.left, op.right)[1 - k]
        summed, left = sum_labels(other, other_labels, _without(other_labels, constant))
        return contract(stretched, summed, _without(labels, constant), left, op.result)
    return None


def _chains() -> Iterator[Variable]:
    a, b, c = array(5, 2, name="a"), array(2, 5, name="b"), array(5, 3, name="c")
    yield MATMUL(MATMUL(a, b), c)
    v = array(None, name="v")
    yield Contract("ab", "b", "a")(MATMUL(array(None, None, name="a"), array(None, None, name="b")), v)


@rewrites(
    Contract, name="order of a chain of products", preserves="reals", having=(Contract,), alone=True, samples=_chains
)
def reassociate(node: Apply) -> Replacement:
    """(a b) c -> a (b c), if that takes fewer multiplications. Lengths must be known, unless c is a vector."""
    if node.outputs[0].dtype not in INEXACT:
        return None
    terms, result, cost = _flattened(node)
    known = all(x.type.is_static for x, _ in terms)
    if len(terms) < 3 or not (known or any(x.ndim == 1 for x, _ in terms)):
        return None
    pending, total = list(terms), 0
    steps = contraction_order(terms, result)
    for i, j in steps:
        (y, right), (x, left) = pending.pop(j), pending.pop(i)
        total += _cost((x, left), (y, right))
        wanted = set(result).union(*(labels for _, labels in pending))
        kept = "".join(label for label in dict.fromkeys(left + right) if label in wanted)
        pending.append((contract(x, y, left, right, kept if pending else result), kept if pending else result))
    return pending[0][0] if total < cost else None


def _flattened(node: Apply) -> tuple[list[Term], str, int]:
    """The operands of `node`, those that are contractions replaced by theirs, and the cost as it stands."""
    terms: list[Term] = []
    free = iter(ascii_letters[26:])
    cost = _cost((node.inputs[0], node.op.left), (node.inputs[1], node.op.right))
    for x, labels in zip(node.inputs, (node.op.left, node.op.right)):
        inner = source(x, Contract)
        if inner is None:
            terms.append((x, labels))
            continue
        names = dict(zip(inner.op.result, labels))
        names |= {label: next(free) for label in dict.fromkeys(inner.op.left + inner.op.right) if label not in names}
        pairs = list(zip(inner.inputs, (inner.op.left, inner.op.right)))
        terms.extend((v, "".join(names[label] for label in letters)) for v, letters in pairs)
        cost += _cost(*pairs)
    return terms, node.op.result, cost


def _cost(left: Term, right: Term) -> int:
    lengths = {label: n for x, labels in (left, right) for label, n in zip(labels, x.type.shape)}
    return prod(UNKNOWN_LENGTH if n is None else n for n in lengths.values())


def _products() -> Iterator[Variable]:
    x, y = array(None, 3, name="x"), array(3, None, name="y")
    yield Reduce(add, (1,))(ExpandDims((2,))(x) * ExpandDims((0,))(y))
    z = array(None, 4, name="z")
    w = array(*z.type.shape, name="w")
    yield Reduce(add, (0,))(ExpandDims((2,))(z) * ExpandDims((1,))(w))


@rewrites(
    Reduce, name="sum of products of two arrays", preserves="reals", having=(multiply,), alone=True, samples=_products
)
def contraction(node: Apply) -> Replacement:
    """sum(x[:, :, None] * y[None, :, :], 1) -> dot(x, y): both operands have axes that the other lacks."""
    inner = source(node.inputs[0], Elementwise)
    if inner is None or node.op.function is not add or inner.op.function is not multiply:
        return None
    x, y = inner.inputs
    if x.ndim != y.ndim or x.dtype not in INEXACT:
        return None
    axes = range(x.ndim)
    letters = ascii_letters[: x.ndim]
    full = [[axis for axis in axes if v.type.shape[axis] != 1] for v in (x, y)]
    both = set(full[0]) & set(full[1])
    real = set(full[0]) - both and set(full[1]) - both
    if not real or not all(axis in both for axis in node.op.axes):
        return None
    left, right = ("".join(letters[axis] for axis in each) for each in full)
    kept = [axis for axis in axes if axis not in node.op.axes]
    result = "".join(letters[axis] for axis in kept if axis in full[0] or axis in full[1])
    x, y = (_squeezed(v, letters, _without(letters, own)) for v, own in ((x, left), (y, right)))
    product = contract(x, y, left, right, result)
    added = tuple(k for k, axis in enumerate(kept) if letters[axis] not in result)
    return ExpandDims(added)(product) if added else product


def _sliced() -> Iterator[Variable]:
    x, y = array(4, 3, name="x"), array(3, 5, name="y")
    yield slice_of(MATMUL(x, y), (1, 0), (2, 5), (2, 1))
    yield slice_of(MATMUL(x, y), (2, 4), (1, 3), (1, -2))
    unknown = MATMUL(array(None, None, name="x"), y)
    yield slice_of(unknown, (0, 2), (shape_of(unknown)[0], 1), (1, 1))
    yield slice_of(Contract("abc", "acd", "abd")(array(2, 4, 3), array(2, 3, 5)), (1, 0, 0), (1, 4, 5), (1, 1, 1))


@rewrites(
    Slice, name="slice of a contraction", preserves="reals", having=(Contract,), alone=True, samples=_sliced
)
def slice_result(node: Apply) -> Replacement:
    """dot(x, y)[i, j] -> dot(x[i], y[:, j]): what is not read is not computed."""
    inner = source(node.inputs[0], Contract)
    if inner is None:
        return None
    bounds = dict(zip(inner.op.result, zip(*bounds_of(node.op, node.inputs[1:]))))
    operands = []
    for v, labels in zip(inner.inputs, (inner.op.left, inner.op.right)):
        starts, lengths, steps = zip(*(bounds.get(label, (0, n, 1)) for label, n in zip(labels, shape_of(v))))
        operands.append(slice_of(v, starts, lengths, steps))
    return inner.op(*operands)


CONTRACTION: tuple[Rule, ...] = (
    slice_result,
    absorb_transposes,
    transpose_result,
    scale_result,
    drop_ones,
    contract_stretched,
    reassociate,
    contraction,
)

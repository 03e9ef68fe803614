"""Linear algebra: products with an inverse are solved, triangles as such, determinants in logarithms; one factorisation
serves all that need it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bitale_graph.composite import inline
from bitale_graph.dtypes import COMPLEX
from bitale_graph.functions import diagonal, expand_dims, matmul, matrix_transpose, prod, squeeze, sum
from bitale_graph.functions.contraction import contract
from bitale_graph.functions.diagonals import eye
from bitale_graph.functions.linalg import det, inv, slogdet, solve
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.control import Composite
from bitale_graph.ops.elementwise import absolute, greater_equal, log, sign, where
from bitale_graph.ops.linalg import Cholesky, SolveTriangular
from bitale_graph.ops.movement import Diagonal, Transpose
from bitale_graph.shapes import shape_of
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.rule import Replacement, Rule, rewrites
from bitale_rewrite.rules.movement import source
from bitale_rewrite.rules.softmax import named
from bitale_rewrite.samples import array

MATMUL = Contract("ab", "bc", "ac")
A, B = array(3, 3, name="a"), array(3, 2, name="b")


def transposed(x: Variable) -> Variable | None:
    """The y of x = y with its last two axes exchanged."""
    node = source(x, Transpose)
    if node is None:
        return None
    rank = x.ndim
    return node.inputs[0] if node.op.axes == (*range(rank - 2), rank - 1, rank - 2) else None


def positive() -> Variable:
    """A matrix with a Cholesky factor."""
    return matmul(A, matrix_transpose(A)) + eye(3)


# ---- inverses ----


def _products() -> Iterator[Variable]:
    yield MATMUL(inv(A), B)
    yield Contract("ab", "b", "a")(inv(A), array(3, name="v"))
    yield MATMUL(Transpose((1, 0))(B), inv(A))
    yield Contract("abc", "acd", "abd")(inv(array(2, 3, 3, name="many")), array(2, 3, 2))


@rewrites(Contract, name="product with an inverse", preserves="reals", having=(Composite,), samples=_products)
def solve_instead(node: Apply) -> Replacement:
    """inv(A) @ B -> solve(A, B), which is faster and more exact."""
    op: Contract = node.op  # type: ignore[assignment]
    for k, labels, other in ((0, op.left, op.right), (1, op.right, op.left)):
        inverse, batch = named(node.inputs[k], "inverse_matrix"), labels[:-2]
        if inverse is None or len(op.summed) != 1 or op.summed not in labels[-2:] or batch != op.batch:
            continue
        free = [label for label in other if label not in batch + op.summed]
        if len(free) > 1:
            continue
        kept = labels[-2:].replace(op.summed, "")
        b = _arranged(node.inputs[1 - k], other, [*batch, op.summed, *free])
        x = solve(inverse.inputs[0], b if free else expand_dims(b, -1), transposed=op.summed == labels[-2])
        return _arranged(x if free else squeeze(x, -1), [*batch, kept, *free], op.result)
    return None


def _arranged(x: Variable, labels: Sequence[str], wanted: Sequence[str]) -> Variable:
    axes = tuple(labels.index(label) for label in wanted)
    return x if axes == tuple(range(x.ndim)) else Transpose(axes)(x)


def _inverses() -> Iterator[Variable]:
    yield inv(inv(A))


@rewrites(Composite, name="inverse of an inverse", preserves="domain", having=(Composite,), samples=_inverses)
def undo_inverse(node: Apply) -> Replacement:
    """inv(inv(A)) -> A, where A has an inverse."""
    inner = named(node.inputs[0], "inverse_matrix") if node.op.label == "inverse_matrix" else None
    return None if inner is None else inner.inputs[0]


# ---- transposes ----


def _turned() -> Iterator[Variable]:
    turned = Transpose((1, 0))(A)
    yield from (solve(turned, B), solve(turned, B, transposed=True), det(turned), slogdet(turned)[1], inv(turned))


@rewrites(Composite, name="transposes into factors", preserves="reals", having=(Transpose,), samples=_turned)
def absorb_transpose(node: Apply) -> Replacement:
    """solve(A.T, B) solves with the factors of A; det(A.T) -> det(A); inv(A.T) -> inv(A).T."""
    label, inner = node.op.label, transposed(node.inputs[0]) if node.inputs else None
    if inner is None or label not in ("solve", "det", "slogdet", "inverse_matrix"):
        return None
    if label == "solve":
        return solve(inner, node.inputs[1], transposed=not dict(node.op.key)["transposed"])
    if label == "inverse_matrix":
        return matrix_transpose(inv(inner))
    return det(inner) if label == "det" else tuple(slogdet(inner))


def _turned_triangles() -> Iterator[Variable]:
    yield SolveTriangular(True)(Transpose((1, 0))(A), B)
    yield SolveTriangular(False, True, True)(Transpose((1, 0))(A), B)


@rewrites(
    SolveTriangular, name="transposed triangle", preserves="reals", having=(Transpose,), samples=_turned_triangles
)
def turn_triangle(node: Apply) -> Replacement:
    """A triangle that is a transposed one is read where it is."""
    op, inner = node.op, transposed(node.inputs[0])
    return None if inner is None else SolveTriangular(not op.lower, not op.transposed, op.unit)(inner, node.inputs[1])


# ---- triangles ----


def _triangular() -> Iterator[Variable]:
    factor = Cholesky()(positive())
    yield from (solve(factor, B), solve(factor, B, transposed=True), det(factor), *slogdet(factor))


@rewrites(Composite, name="factors of a triangle", preserves="reals", having=(Cholesky,), samples=_triangular)
def use_triangle(node: Apply) -> Replacement:
    """solve(cholesky(A), B) is a triangular system; det(cholesky(A)) is the product of a diagonal."""
    label, factor = node.op.label, node.inputs[0] if node.inputs else None
    if factor is None or source(factor, Cholesky) is None:
        return None
    if label == "solve":
        return SolveTriangular(True, dict(node.op.key)["transposed"])(factor, node.inputs[1])
    elements = diagonal(factor, 0, -2, -1)
    if label == "det":
        return prod(elements, -1)
    return (prod(sign(elements), -1), sum(log(absolute(elements)), -1)) if label == "slogdet" else None


# ---- determinants ----


def _logarithms() -> Iterator[Variable]:
    yield from (log(absolute(det(A))), log(det(A)))


@rewrites(log, name="log of a determinant", preserves="reals", having=(Composite, absolute), samples=_logarithms)
def log_determinant(node: Apply) -> Replacement:
    """log(abs(det(A))) -> slogdet(A)[1], which does not overflow; log(det(A)) is NaN where det(A) is negative."""
    (x,) = node.inputs
    size = x.owner.inputs[0] if x.owner is not None and getattr(x.owner.op, "function", None) is absolute else x
    inner = named(size, "det")
    if inner is None or inner.inputs[0].dtype in COMPLEX:
        return None
    phase, logarithm = slogdet(inner.inputs[0])
    return logarithm if size is not x else where(greater_equal(phase, 0), logarithm, float("nan"))


def _signs() -> Iterator[Variable]:
    yield sign(det(A))


@rewrites(sign, name="sign of a determinant", preserves="reals", having=(Composite,), samples=_signs)
def sign_determinant(node: Apply) -> Replacement:
    """sign(det(A)) -> slogdet(A)[0]."""
    inner = named(node.inputs[0], "det")
    return None if inner is None else slogdet(inner.inputs[0])[0]


# ---- diagonals of products ----


def _diagonals() -> Iterator[Variable]:
    yield Diagonal(0, 0, 1)(MATMUL(A, array(3, 3, name="c")))
    yield Diagonal(0, 1, 2)(Contract("abc", "adc", "abd")(array(2, 3, 4), array(2, 3, 4, name="d")))


@rewrites(Diagonal, name="diagonal of a product", preserves="reals", having=(Contract,), alone=True, samples=_diagonals)
def diagonal_of_product(node: Apply) -> Replacement:
    """diagonal(A @ B), as in trace(A @ B), computes no more than the diagonal."""
    inner = source(node.inputs[0], Contract)
    if inner is None or node.op.offset:
        return None
    op, (a, b) = inner.op, (node.op.axis1, node.op.axis2)
    first, second, lengths = op.result[a], op.result[b], shape_of(node.inputs[0])
    if lengths[a] != lengths[b] or any(first in labels and second in labels for labels in (op.left, op.right)):
        return None
    rest = "".join(label for label in op.result if label not in (first, second))
    left, right = (labels.replace(second, first) for labels in (op.left, op.right))
    x, y = inner.inputs
    return contract(x, y, left, right, rest + first)


# ---- opened last ----


def _opened() -> Iterator[Variable]:
    yield from (solve(A, B), det(A), slogdet(A)[1], inv(A))


@rewrites(Composite, name="one factorisation for all", samples=_opened)
def share_factors(node: Apply) -> Replacement:
    """What is made of the factors of one matrix shares them, and loops find those of what does not change before."""
    return inline(node) if node.op.label in ("solve", "det", "slogdet", "inverse_matrix") else None


LINALG: tuple[Rule, ...] = (
    solve_instead, undo_inverse, absorb_transpose, turn_triangle, use_triangle, diagonal_of_product, log_determinant,
    sign_determinant,
)  # fmt: skip
FACTORS: tuple[Rule, ...] = (share_factors,)

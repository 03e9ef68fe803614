"""Pullbacks of linear algebra. Sources: I. Murray, Differentiation of the Cholesky decomposition (arXiv:1602.07527);
M. Giles, An extended collection of matrix derivative results (Oxford NA-08/01, 2008); J. Townsend, Differentiating the
singular value decomposition (2016); S. Walter, L. Lehmann, Algorithmic differentiation of linear algebra functions
(arXiv:1001.1654); C. Boeddeker et al., On the computation of complex-valued gradients (arXiv:1701.00392).

Derivatives of vectors exist where the values are distinct, and do not depend on the phases of vectors, which are free.
What a routine does not read has the derivative 0: of the matrices it takes for Hermitian, the upper triangle.
"""

from __future__ import annotations

from bitale_autodiff.rules.tables import Contributions, Pullback
from bitale_autodiff.shaping import conj, zeros_like
from bitale_graph.dtypes import COMPLEX
from bitale_graph.errors import MissingRule
from bitale_graph.functions import (
    cast,
    concatenate,
    diagonal,
    expand_dims,
    eye,
    matmul,
    matrix_transpose,
    tril,
    triu,
)
from bitale_graph.ops.elementwise import imag, make_complex, real, where
from bitale_graph.ops.linalg import Cholesky, Eig, Eigh, Lu, LuSolve, Qr, SolveTriangular, Svd
from bitale_graph.shapes import shape_of
from bitale_graph.sized import broadcast
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

PULLBACKS: RuleTable[Pullback] = RuleTable("pullback")


def adjoint(x: Variable) -> Variable:
    """The conjugate transpose of matrices."""
    return conj(matrix_transpose(x))


def lower_of(s: Variable) -> Variable:
    """The cotangent of the lower triangle that stands for A = Aᴴ, where that of A is (s + sᴴ) / 2."""
    both = s + adjoint(s)
    return tril(both, -1) + (tril(both) - tril(both, -1)) / 2


def halved(x: Variable) -> Variable:
    """The lower triangle, the diagonal halved."""
    return (tril(x) + tril(x, -1)) / 2


@PULLBACKS.register(Cholesky)
def _cholesky(node: Apply, g: Variable) -> Contributions:
    """L⁻ᴴ Φ(Lᴴ g) L⁻¹, Hermitian part: Murray, equation 10."""
    (factor,) = node.outputs
    inner = halved(matmul(adjoint(factor), g))
    left = SolveTriangular(True, True)(conj(factor), inner)
    return [lower_of(adjoint(SolveTriangular(True, True)(conj(factor), adjoint(left))))]


@PULLBACKS.register(SolveTriangular)
def _solve_triangular(node: Apply, g: Variable) -> Contributions:
    """Of B: A⁻ᴴ g; of A: minus that times Xᴴ, in the triangle that is read."""
    op, (a, _), (x,) = node.op, node.inputs, node.outputs
    of_b = SolveTriangular(op.lower, not op.transposed, op.unit)(conj(a), g)

    def of_a() -> Variable:
        full = -(matmul(conj(x), matrix_transpose(of_b)) if op.transposed else matmul(of_b, adjoint(x)))
        return tril(full, -int(op.unit)) if op.lower else triu(full, int(op.unit))

    return [of_a, of_b]


# ---- L U -------------------------------------------------------------------------------------------------------------


@PULLBACKS.register(Lu)
def _lu(node: Apply, g: Variable | None, _: Variable | None) -> Contributions:
    """P^T L⁻ᴴ (strict lower of Lᴴ gL + upper of gU Uᴴ) U⁻ᴴ. The pivots are integers."""
    if g is None:
        return [None]
    factors, pivots = node.outputs
    lower, upper = conj(factors), triu(factors)
    unit = tril(factors, -1) + identity(factors)
    inner = tril(matmul(adjoint(unit), tril(g, -1)), -1) + triu(matmul(triu(g), adjoint(upper)))
    left = SolveTriangular(True, True, True)(lower, inner)
    right = adjoint(SolveTriangular(False)(factors, adjoint(left)))
    return [LuSolve(True)(identity(factors), pivots, right)]


@PULLBACKS.register(LuSolve)
def _lu_solve(node: Apply, g: Variable) -> Contributions:
    """Of B: A⁻ᴴ g; of the factors: what comes of the two triangular systems, one after the other."""
    op, (factors, pivots, b), (x,) = node.op, node.inputs, node.outputs
    of_b = LuSolve(not op.transposed)(conj(factors), pivots, g)

    def of_factors() -> Variable:
        if op.transposed:
            swapped = LuSolve()(identity(factors), pivots, g)
            of_lower = SolveTriangular(True, False, True)(conj(factors), swapped)
            rows = LuSolve()(identity(factors), pivots, x)
            between = SolveTriangular(False, True)(factors, b)
            lower, upper = matmul(conj(rows), matrix_transpose(of_lower)), matmul(conj(between), matrix_transpose(of_b))
            return -(tril(lower, -1) + triu(upper))
        of_upper = SolveTriangular(False, True)(conj(factors), g)
        of_lower = SolveTriangular(True, True, True)(conj(factors), of_upper)
        between = matmul(triu(factors), x)
        return -(tril(matmul(of_lower, adjoint(between)), -1) + triu(matmul(of_upper, adjoint(x))))

    return [of_factors, None, of_b]


def identity(x: Variable) -> Variable:
    """Identity matrices in the shape of x."""
    rows, columns = shape_of(x)[-2:]
    return broadcast(eye(rows, columns, dtype=x.dtype), shape_of(x))


# ---- Q R -------------------------------------------------------------------------------------------------------------


@PULLBACKS.register(Qr)
def _qr(node: Apply, q_bar: Variable | None, r_bar: Variable | None) -> Contributions:
    """Walter, Lehmann, of the first columns; those beyond a square of a wide matrix are Qᴴ times what they were."""
    (a,), (q, r) = node.inputs, node.outputs
    m, n = a.type.shape[-2:]
    if node.op.complete and (m is None or n is None or m > n):
        raise MissingRule("the columns that complete Q are not unique: differentiate qr(x, mode='reduced')")
    k = shape_of(r)[-2]
    q_bar = zeros_like(q) if q_bar is None else q_bar
    r_bar = zeros_like(r) if r_bar is None else r_bar
    beside, r_beside = a[..., :, k:], r_bar[..., :, k:]
    q_bar = q_bar + matmul(beside, adjoint(r_beside))
    square, first = r[..., :, :k], r_bar[..., :, :k]
    inner = triu(matmul(first, adjoint(square)) - matmul(adjoint(q), q_bar))
    both = inner + adjoint(inner)
    both = both - _diagonal_matrix(diagonal(both, 0, -2, -1)) / 2
    left = q_bar + matmul(q, both)
    of_first = adjoint(SolveTriangular(False)(square, adjoint(left)))
    return [concatenate([of_first, matmul(q, r_beside)], -1)]


# ---- eigenvalues and singular values ---------------------------------------------------------------------------------


@PULLBACKS.register(Eigh)
def _eigh(node: Apply, *cotangents: Variable | None) -> Contributions:
    """V (diag(gw) + F ∘ Vᴴ gV) Vᴴ, where F has 1 / (w[j] - w[i]): Giles, section 3.1."""
    (a,) = node.inputs
    w, v = Apply(Eigh(), (a,)).outputs if len(cotangents) == 1 else node.outputs
    w_bar, v_bar = (*cotangents, None)[:2]
    inner = None if w_bar is None else _diagonal_matrix(cast(w_bar, v.dtype))
    if v_bar is not None:
        turned = matmul(adjoint(v), v_bar) * cast(_inverse_gaps(w), v.dtype)
        inner = turned if inner is None else inner + turned
    return [None if inner is None else lower_of(matmul(matmul(v, inner), adjoint(v)))]


@PULLBACKS.register(Eig)
def _eig(node: Apply, *cotangents: Variable | None) -> Contributions:
    """V⁻ᴴ (diag(gw) + (Vᴴ gV - Vᴴ V diag(Re Vᴴ gV)) / conj(E)) Vᴴ with E[i, j] = w[j] - w[i]: Boeddeker, section 4."""
    (a,) = node.inputs
    w, v = Apply(Eig(), (a,)).outputs if len(cotangents) == 1 else node.outputs
    w_bar, v_bar = (*cotangents, None)[:2]
    inner = zeros_like(v) if w_bar is None else _diagonal_matrix(w_bar)
    if v_bar is not None:
        turned = matmul(adjoint(v), v_bar)
        along = cast(real(diagonal(turned, 0, -2, -1)), v.dtype)
        turned = turned - matmul(adjoint(v), v) * expand_dims(along, -2)
        inner = inner + turned * conj(_inverse_gaps(w))
    factors, pivots = Apply(Lu(), (v,)).outputs
    found = LuSolve(True)(conj(factors), pivots, matmul(inner, adjoint(v)))
    return [found if a.dtype in COMPLEX else real(found)]


@PULLBACKS.register(Svd)
def _svd(node: Apply, *cotangents: Variable | None) -> Contributions:
    """Townsend, equation 35, with the free phases of complex vectors (as in PyTorch's and JAX's rules)."""
    (a,), op = node.inputs, node.op
    if not op.vectors:
        u, s, v = Apply(Svd(), (a,)).outputs
        return [matmul(u * _row(cast(cotangents[0], a.dtype)), v)]
    (u, s, v), (u_bar, s_bar, v_bar) = node.outputs, cotangents
    m, n = a.type.shape[-2:]
    if op.full and (m is None or m != n) and (u_bar is not None or v_bar is not None):
        raise MissingRule("vectors that complete a basis are not unique: differentiate svd(x, full_matrices=False)")
    k = shape_of(s)[-1]
    u, v, scale = u[..., :, :k], v[..., :k, :], cast(s, a.dtype)
    gaps = cast(_inverse_gaps(s * s), a.dtype)
    inner = zeros_like(matmul(adjoint(u), u)) if s_bar is None else _diagonal_matrix(cast(s_bar, a.dtype))
    beside: list[Variable] = []
    if u_bar is not None:
        turned = matmul(adjoint(u), u_bar)
        inner = inner + (turned - adjoint(turned)) * gaps * _row(scale)
        if a.dtype in COMPLEX:
            phase = imag(diagonal(turned, 0, -2, -1)) / s
            inner = inner + _diagonal_matrix(make_complex(phase * 0, phase))
        beside.append(matmul((u_bar - matmul(u, turned)) / _row(scale), v))
    if v_bar is not None:
        columns = adjoint(v_bar)
        turned = matmul(v, columns)
        inner = inner + expand_dims(scale, -1) * (turned - adjoint(turned)) * gaps
        beside.append(matmul(u, adjoint((columns - matmul(adjoint(v), turned)) / _row(scale))))
    return [sum(beside, matmul(matmul(u, inner), v))]


def _row(x: Variable) -> Variable:
    """Vectors, along the columns of matrices."""
    return expand_dims(x, -2)


def _diagonal_matrix(x: Variable) -> Variable:
    """Vectors as the diagonals of matrices."""
    n = shape_of(x)[-1]
    return where(eye(n, dtype="bool"), expand_dims(x, -1), cast(0, x.dtype))


def _inverse_gaps(w: Variable) -> Variable:
    """1 / (w[j] - w[i]) in row i and column j, 0 on the diagonal."""
    gaps = expand_dims(w, -2) - expand_dims(w, -1)
    same = eye(shape_of(w)[-1], dtype="bool")
    return where(same, cast(0, w.dtype), 1 / where(same, cast(1, w.dtype), gaps))

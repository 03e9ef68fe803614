"""Pullbacks of linear algebra. Sources: I. Murray, Differentiation of the Cholesky decomposition (arXiv:1602.07527);
M. Giles, An extended collection of matrix derivative results (Oxford NA-08/01, 2008).

What a routine does not read has the derivative 0: of the matrices it takes for Hermitian, the upper triangle.
"""

from __future__ import annotations

from bitale_autodiff.rules.tables import Contributions, Pullback
from bitale_autodiff.shaping import conj
from bitale_graph.functions import matmul, matrix_transpose, tril, triu
from bitale_graph.ops.linalg import Cholesky, SolveTriangular
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

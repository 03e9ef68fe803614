"""Pullbacks of equations, determinants and inverses: through the solution, not through the factors. Sources: see
linalg.py; G. Golub, V. Pereyra, The differentiation of pseudo-inverses, SIAM J. Numer. Anal. 10 (1973).
"""

from __future__ import annotations

from bitale_autodiff.rules.composite import COMPOSITE_PULLBACKS
from bitale_autodiff.rules.linalg import adjoint, identity
from bitale_autodiff.rules.tables import Contributions
from bitale_autodiff.shaping import conj
from bitale_graph.dtypes import COMPLEX
from bitale_graph.functions import cast, expand_dims, matmul, matrix_transpose
from bitale_graph.functions.linalg import inv, solve
from bitale_graph.ops.elementwise import imag, make_complex
from bitale_graph.variable import Apply, Variable


@COMPOSITE_PULLBACKS.register("solve")
def _solve(node: Apply, g: Variable) -> Contributions:
    """Of B: A⁻ᴴ g; of A: minus that times xᴴ."""
    (a, _), (x,), transposed = node.inputs, node.outputs, dict(node.op.key)["transposed"]
    of_b = solve(conj(a), g, transposed=not transposed)

    def of_a() -> Variable:
        return -(matmul(conj(x), matrix_transpose(of_b)) if transposed else matmul(of_b, adjoint(x)))

    return [of_a, of_b]


@COMPOSITE_PULLBACKS.register("inverse_matrix")
def _inverse(node: Apply, g: Variable) -> Contributions:
    """-A⁻ᴴ g A⁻ᴴ."""
    turned = adjoint(node.outputs[0])
    return [-matmul(matmul(turned, g), turned)]


@COMPOSITE_PULLBACKS.register("det")
def _det(node: Apply, g: Variable) -> Contributions:
    """conj(det) g A⁻ᴴ."""
    (a,), (value,) = node.inputs, node.outputs
    return [_spread(conj(value) * g) * adjoint(inv(a))]


@COMPOSITE_PULLBACKS.register("slogdet")
def _slogdet(node: Apply, sign_bar: Variable | None, log_bar: Variable | None) -> Contributions:
    """g A⁻ᴴ; the phase of a complex determinant turns by the imaginary part of what its logarithm grows by."""
    (a,), (sign, _) = node.inputs, node.outputs
    if a.dtype not in COMPLEX:
        return [None if log_bar is None else _spread(log_bar) * adjoint(inv(a))]
    factor = None if log_bar is None else cast(log_bar, a.dtype)
    if sign_bar is not None:
        turning = imag(conj(sign) * sign_bar)
        phase = make_complex(turning * 0, turning)
        factor = phase if factor is None else factor + phase
    return [None if factor is None else _spread(factor) * adjoint(inv(a))]


@COMPOSITE_PULLBACKS.register("generalised_inverse")
def _generalised_inverse(node: Apply, g: Variable) -> Contributions:
    """Golub, Pereyra, equation 4.12, at constant rank. The limit that decides the rank has no derivative."""
    (a, _), (p,) = node.inputs, node.outputs
    turned, back = adjoint(p), adjoint(g)
    outside = identity(matmul(a, p)) - matmul(a, p)
    inside = identity(matmul(p, a)) - matmul(p, a)
    first = matmul(matmul(outside, back), matmul(p, turned))
    second = matmul(matmul(turned, p), matmul(back, inside))
    return [first + second - matmul(matmul(turned, g), turned), None]


def _spread(x: Variable) -> Variable:
    """One number for each matrix of a batch."""
    return expand_dims(x, (-2, -1))

"""Building graphs: NumPy's functions for variables (see NumPy's documentation for shapes and dtypes)."""

# A list of exports, packed to be read at a glance.
# ruff: noqa: F401
# isort: off
# fmt: off
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.activation import (
    elu, gelu, hard_sigmoid, leaky_relu, relu, selu, silu, softsign,
)
from bitale_graph.functions.elementwise import (
    abs, acos, acosh, allclose, and_, around, asin, asinh, atan, atan2, atanh, bitwise_invert,
    bitwise_left_shift, bitwise_not, bitwise_right_shift, clip, conj, deg2rad, degrees, divide,
    divmod, eq, expit, fabs, fix, float_power, floor_div, ge, gt, heaviside, int_div, inv, isclose,
    iscomplex, isneginf, isposinf, isreal, le, log1pexp, logit, lt, mod, mul, nan_to_num, neg, neq,
    or_, positive, pow, power, psi, rad2deg, radians, round, sgn, sinc, sqr, sub, switch, true_div,
    where, xlog1py, xlogy, xor,
)
from bitale_graph.ops.elementwise import (
    absolute, add, angle, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, bitwise_and,
    bitwise_or, bitwise_xor, cbrt, ceil, conjugate, copysign, cos, cosh, digamma, equal, erf, erfc,
    exp, exp2, expm1, floor, floor_divide, fmax, fmin, fmod, gammaln, gcd, greater, greater_equal,
    hypot, imag, invert, isfinite, isinf, isnan, lcm, left_shift, less, less_equal, log, log10,
    log1mexp, log1p, log2, logaddexp, logical_and, logical_not, logical_or, logical_xor,
    make_complex, maximum, minimum, multiply, ndtri, negative, nextafter, not_equal, real, reciprocal,
    remainder, right_shift, rint, sigmoid, sign, signbit, sin, sinh, softplus, sqrt, square,
    subtract, tan, tanh, true_divide, trunc,
)
from bitale_graph.functions.reduction import (
    all, any, argmax, argmin, count_nonzero, cumprod, cumsum, diff, max, max_and_argmax, min, prod, ptp, sum,
)
from bitale_graph.functions.statistics import (
    average, mean, nanargmax, nanargmin, nanmax, nanmean, nanmin, nanprod, nanstd, nansum, nanvar, std, var,
)
from bitale_graph.functions.covariance import corrcoef, cov
from bitale_graph.functions.series import (
    convolve, correlate, ediff1d, nancumprod, nancumsum, polyval, trapezoid,
)
from bitale_graph.functions.norms import matrix_norm, norm, vector_norm
from bitale_graph.functions.contraction import (
    batched_dot, batched_tensordot, contract, cross, dot, inner, kron, matmul, matvec, outer, tensordot, vdot,
    vecdot, vecmat,
)
from bitale_graph.functions.einsum import einsum, multi_dot
from bitale_graph.functions.broadcasting import (
    addbroadcast, broadcast_arrays, broadcast_shapes, broadcast_to, patternbroadcast, specify_shape, unbroadcast,
)
from bitale_graph.functions.movement import (
    dimshuffle, expand_dims, matrix_transpose, moveaxis, permute_dims, rollaxis, shape_padaxis, shape_padleft,
    shape_padright, squeeze, swapaxes, transpose,
)
from bitale_graph.functions.reshaping import (
    atleast_1d, atleast_2d, atleast_3d, flatten, join_dims, ravel, reshape,
)
from bitale_graph.functions.slicing import flip, fliplr, flipud, rot90, unstack
from bitale_graph.functions.joining import (
    append, array_split, block, column_stack, concatenate, dsplit, dstack, hsplit, hstack, join, split, stack, vsplit,
    vstack,
)
from bitale_graph.functions.repetition import repeat, roll, tile
from bitale_graph.functions.ranges import arange, geomspace, linspace, logspace
from bitale_graph.functions.diagonals import (
    alloc_diagonal, diag, diagflat, diagonal, eye, identity, trace, tri, tril, triu,
)
from bitale_graph.functions.creation import (
    alloc, empty, empty_like, fill, full, full_like, ones, ones_like, zeros, zeros_like,
)
from bitale_graph.functions.grids import (
    diag_indices, indices, meshgrid, mgrid, ogrid, tril_indices, triu_indices, vander,
)
from bitale_graph.functions.inputs import *  # noqa: F403
from bitale_graph.functions.padding import pad
from bitale_graph.functions.indexing import (
    argwhere, choose, compress, extract, flatnonzero, getitem, isin, nonzero, piecewise, select, take, take_along_axis,
)
from bitale_graph.functions.numbering import (
    bincount, inverse_permutation, one_hot, ravel_multi_index, unravel_index,
)
from bitale_graph.functions.writing import (
    fill_diagonal, fill_diagonal_offset, inc_subtensor, put_along_axis, set_subtensor, write,
)
from bitale_graph.functions.composites import layer_norm, log_softmax, logsumexp, softmax
from bitale_graph.functions.losses import (
    binary_crossentropy, binary_crossentropy_with_logits, categorical_crossentropy,
    categorical_crossentropy_from_logits, mean_absolute_error, mean_squared_error, sigmoid_binary_crossentropy,
    softmax_cross_entropy,
)

amax, amin = max, min

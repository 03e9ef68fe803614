"""Random bits in C: Philox4x32-10, and the quantile that makes normals of uniform numbers."""

from __future__ import annotations

from functools import reduce

from bitale_backend_c.emit.ctypes import SUFFIXES

# Words stand in 64-bit lanes all the way: their products then need no widening, which halves the time of a vector. The
# rounds are written out, because compilers vectorise no loop with a loop inside.
PHILOX = f"""\
#define BITALE_ROUND \\
    p = (a & 0xFFFFFFFFu) * 0xD2511F53u; q = (c & 0xFFFFFFFFu) * 0xCD9E8D57u; \\
    a = q >> 32 ^ b ^ k; b = q; c = p >> 32 ^ d ^ m; d = p; \\
    k += 0x9E3779B9u; m += 0xBB67AE85u;
BITALE_INLINE uint32_t bitale_philox(uint64_t key, uint64_t stream, uint64_t block, uint64_t word) {{
    uint64_t a = (uint32_t)block, b = block >> 32, c = (uint32_t)stream, d = stream >> 32, p, q;
    uint32_t k = (uint32_t)key, m = (uint32_t)(key >> 32);
    {" ".join(["BITALE_ROUND"] * 5)}
    {" ".join(["BITALE_ROUND"] * 5)}
    return (uint32_t)(word & 2 ? word & 1 ? d : c : word & 1 ? b : a);
}}"""
BITS32 = """BITALE_INLINE uint32_t bitale_random_bits32(uint64_t key, uint64_t stream, uint64_t index) {
    return bitale_philox(key, stream, index / 64 * 16 + index % 16, index / 16);
}"""
BITS64 = """BITALE_INLINE uint64_t bitale_random_bits64(uint64_t key, uint64_t stream, uint64_t index) {
    const uint64_t block = index / 64 * 32 + index % 32, word = index / 32 % 2 * 2;
    return bitale_philox(key, stream, block, word) | (uint64_t)bitale_philox(key, stream, block, word + 1) << 32;
}"""
MULTIPLY_HIGH = """BITALE_INLINE uint64_t bitale_multiply_high(uint64_t x, uint64_t y) {
    const uint64_t a = x >> 32, b = (uint32_t)x, c = y >> 32, d = (uint32_t)y, middle = a * d + (b * d >> 32);
    return a * c + (middle >> 32) + (((uint32_t)middle + b * c) >> 32);
}"""

# Wichura, Algorithm AS 241, 1988: PPND7 for float, PPND16 for double, from the constant term up. Quotients of
# polynomials of s in the centre, of t in the tails, of u in the far tails.
QUANTILE = {
    "float32": (
        ((3.3871327179, 50.434271938, 159.29113202, 59.109374720), (1, 17.895169469, 78.757757664, 67.187563600)),
        ((1.4234372777, 2.7568153900, 1.3067284816, 0.17023821103), (1, 0.73700164250, 0.12021132975)),
        ((6.6579051150, 3.0812263860, 0.42868294337, 0.017337203997), (1, 0.24197894225, 0.012258202635)),
    ),
    "float64": (
        (
            (3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
             45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727),
            (1, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077, 21213.794301586595867,
             39307.895800092710610, 28729.085735721942674, 5226.4952788528545610),
        ),
        (
            (1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
             1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4),
            (1, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550, 0.148103976427480074590,
             0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9),
        ),
        (
            (6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
             0.0265321895265761230930, 1.24266094738807843860e-3, 2.71155556874348757815e-5,
             2.01033439929228813265e-7),
            (1, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525,
             7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
             2.04426310338993978564e-15),
        ),
    ),
}  # fmt: skip


def polynomial(coefficients: tuple[float, ...], variable: str, suffix: str) -> str:
    """Horner's scheme, the constant term first among the coefficients."""
    texts = [f"{float(c)!r}{suffix}" for c in coefficients]
    return reduce(lambda inner, text: f"({inner}) * {variable} + {text}", texts[-2::-1], texts[-1])


def quantile(dtype: str) -> str:
    """The quantile of the standard normal distribution. Which quotient holds is chosen before the one division."""
    T, f = ("float", "f") if dtype == "float32" else ("double", "")
    (a, b), (c, d), (e, g) = [
        tuple(polynomial(row, variable, f) for row in pair)
        for pair, variable in zip(QUANTILE[dtype], "stu", strict=True)
    ]
    return f"""BITALE_INLINE {T} bitale_ndtri_{SUFFIXES[dtype]}({T} x) {{
    const {T} y = x < 1 - x ? x : 1 - x, q = 0.5{f} - y, s = 0.180625{f} - q * q;
    const {T} r = sqrt{f}(-log{f}(y)), t = r - 1.6{f}, u = r - 5;
    const {T} a = q * ({a});
    const {T} b = {b};
    const {T} c = {c};
    const {T} d = {d};
    const {T} e = {e};
    const {T} g = {g};
    const {T} z = y == 0 ? INFINITY : (q <= 0.425{f} ? a : r <= 5 ? c : e) / (q <= 0.425{f} ? b : r <= 5 ? d : g);
    return x >= 0.5{f} ? z : -z;
}}"""


HELPERS = {
    "bitale_philox": PHILOX, "bitale_random_bits32": BITS32, "bitale_random_bits64": BITS64,
    "bitale_multiply_high": MULTIPLY_HIGH, "bitale_ndtri_f32": quantile("float32"),
    "bitale_ndtri_f64": quantile("float64"),
}  # fmt: skip

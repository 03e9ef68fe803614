"""Small C functions of ours that generated code uses: what libm lacks, or NumPy defines otherwise than C.

Each entry is a template with one version per dtype; a file gets those it uses, and those that these use.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection

from bitale_backend_c.emit import across, random, samplers, single
from bitale_backend_c.emit.ctypes import C_TYPES, SUFFIXES
from bitale_graph.dtypes import COMPLEX, FLOATS, INTEGERS, SIGNED, UNSIGNED

# T: the C type, S: the suffix of our functions, f: libm's suffix, U: the unsigned type, W: its bits, R and r: the type
# and the suffix of the parts of a complex number, MIN: the smallest integer.
REAL = {
    # Python's: towards minus infinity, and a remainder with the sign of the divisor (NumPy's npy_divmod).
    "floor_divide": """T bitale_floor_divide_S(T a, T b) {
    if (b == 0) return a / b;
    T mod = fmodf(a, b), quotient = (a - mod) / b;
    if (mod != 0 && (b < 0) != (mod < 0)) quotient -= 1;
    if (quotient == 0) return copysignf((T)0, a / b);
    T whole = floorf(quotient);
    return quotient - whole > (T)0.5 ? whole + 1 : whole;
}""",
    "remainder": """T bitale_remainder_S(T a, T b) {
    T mod = fmodf(a, b);
    if (mod == 0) return copysignf((T)0, b);
    return (b < 0) != (mod < 0) ? mod + b : mod;
}""",
    "sign": "T bitale_sign_S(T a) { return a > 0 ? (T)1 : a < 0 ? (T)-1 : a == 0 ? (T)0 : a; }",
    "square": "T bitale_square_S(T a) { return a * a; }",
    # In two steps, the first of which is one instruction of vectors.
    "maximum": "T bitale_maximum_S(T a, T b) { T larger = a > b ? a : b; return a != a ? a : larger; }",
    "minimum": "T bitale_minimum_S(T a, T b) { T smaller = a < b ? a : b; return a != a ? a : smaller; }",
    "clip": """T bitale_clip_S(T a, T low, T high) {
    return bitale_minimum_S(bitale_maximum_S(a, low), high);
}""",
    "logaddexp": """T bitale_logaddexp_S(T a, T b) {
    T larger = a > b ? a : b, gap = fabsf(a - b);
    return a == b ? a + (T)0.69314718055994530942 : larger + log1pf(expf(-gap));
}""",
    "log1mexp": """T bitale_log1mexp_S(T a) {
    return a > (T)-0.69314718055994530942 ? logf(-expm1f(a)) : log1pf(-expf(a));
}""",
    "softplus": "T bitale_softplus_S(T a) { return (a > 0 ? a : 0) + log1pf(expf(-fabsf(a))); }",
    "sigmoid": "T bitale_sigmoid_S(T a) { return 1 / (1 + expf(-a)); }",
    "angle": "T bitale_angle_S(T a) { return a != a ? a : signbit(a) ? (T)3.14159265358979323846 : 0; }",
    "make_complex": """T _Complex bitale_make_complex_S(T a, T b) {
    union { T parts[2]; T _Complex whole; } both = {{a, b}};
    return both.whole;
}""",
    # Bernardo, Algorithm AS 103, with more terms of the asymptotic series; reflection for negative arguments. The terms
    # cancel near the zeros of the function: long double keeps enough digits.
    "digamma": """T bitale_digamma_S(T argument) {
    long double a = argument, shift = 0;
    if (a == 0) return (T)-1 / argument;
    if (a < 0) {
        if (a == floorl(a)) return NAN;
        shift = -3.14159265358979323846264338L / tanl(3.14159265358979323846264338L * (a - rintl(a)));
        a = 1 - a;
    }
    for (; a < 16; a += 1) shift -= 1 / a;
    long double t = 1 / (a * a);
    long double series = t * (1.0L/12 - t * (1.0L/120 - t * (1.0L/252 - t * (1.0L/240 - t * (1.0L/132
        - t * (691.0L/32760 - t * (1.0L/12 - t * 3617.0L/8160)))))));
    return (T)(shift + logl(a) - 0.5L / a - series);
}""",
}
WHOLE = {
    "square": "T bitale_square_S(T a) { return (T)(a * a); }",
    "maximum": "T bitale_maximum_S(T a, T b) { return a > b ? a : b; }",
    "minimum": "T bitale_minimum_S(T a, T b) { return a < b ? a : b; }",
    "clip": "T bitale_clip_S(T a, T low, T high) { a = a > low ? a : low; return a < high ? a : high; }",
    "power": """T bitale_power_S(T a, T b) {
    U result = 1, factor = (U)a;
    for (U exponent = (U)b; exponent; exponent >>= 1, factor *= factor)
        if (exponent & 1) result *= factor;
    return (T)result;
}""",
    "gcd": """U bitale_gcd_S(T a, T b) {
    U x = a < 0 ? -(U)a : (U)a, y = b < 0 ? -(U)b : (U)b;
    while (y) { U rest = x % y; x = y; y = rest; }
    return x;
}""",
    "lcm": """T bitale_lcm_S(T a, T b) {
    U divisor = bitale_gcd_S(a, b);
    U x = a < 0 ? -(U)a : (U)a, y = b < 0 ? -(U)b : (U)b;
    return divisor ? (T)(x / divisor * y) : 0;
}""",
    # A shift by the width or more moves everything out; C leaves it undefined.
    "left_shift": "T bitale_left_shift_S(T a, T b) { return (U)b < W ? (T)((U)a << b) : 0; }",
    "right_shift": "T bitale_right_shift_S(T a, T b) { return (U)b < W ? (T)(a >> b) : a < 0 ? (T)-1 : 0; }",
    "reciprocal": "T bitale_reciprocal_S(T a) { return a == 0 ? MIN : (T)(1 / a); }",  # of 0: what NumPy gives
}
SIGNED_ONLY = {
    "floor_divide": """T bitale_floor_divide_S(T a, T b) {
    if (b == 0) return 0;
    if (b == -1) return (T)(-(U)a);
    T quotient = (T)(a / b), rest = (T)(a % b);
    return (T)(quotient - (b < 0 ? rest > 0 : rest < 0));
}""",
    "remainder": """T bitale_remainder_S(T a, T b) {
    if (b == 0 || b == -1) return 0;
    T rest = (T)(a % b);
    return (T)(rest + ((b < 0 ? rest > 0 : rest < 0) ? b : 0));
}""",
    "fmod": "T bitale_fmod_S(T a, T b) { return b == 0 || b == -1 ? 0 : (T)(a % b); }",
    "absolute": "T bitale_absolute_S(T a) { return a < 0 ? (T)(-(U)a) : a; }",
    "sign": "T bitale_sign_S(T a) { return (T)((a > 0) - (a < 0)); }",
}
UNSIGNED_ONLY = {
    "floor_divide": "T bitale_floor_divide_S(T a, T b) { return b == 0 ? 0 : (T)(a / b); }",
    "remainder": "T bitale_remainder_S(T a, T b) { return b == 0 ? 0 : (T)(a % b); }",
    "fmod": "T bitale_fmod_S(T a, T b) { return b == 0 ? 0 : (T)(a % b); }",
    "sign": "T bitale_sign_S(T a) { return a > 0; }",
}
# Complex numbers are ordered by real part, then imaginary part, as NumPy orders them.
COMPLEX_ONLY = {
    # The textbook product and Smith's quotient: C's own, by its Annex G, turn some NaNs into infinities.
    "multiply": """T bitale_multiply_S(T a, T b) {
    R x = crealf(a), y = cimagf(a), u = crealf(b), v = cimagf(b);
    return bitale_make_complex_r(x * u - y * v, x * v + y * u);
}""",
    "true_divide": """T bitale_true_divide_S(T a, T b) {
    R x = crealf(a), y = cimagf(a), u = crealf(b), v = cimagf(b);
    if (u == 0 && v == 0) return bitale_make_complex_r(x / fabsf(u), y / fabsf(u));
    if (fabsf(u) >= fabsf(v)) {
        R ratio = v / u, scale = 1 / (u + v * ratio);
        return bitale_make_complex_r((x + y * ratio) * scale, (y - x * ratio) * scale);
    }
    R ratio = u / v, scale = 1 / (v + u * ratio);
    return bitale_make_complex_r((x * ratio + y) * scale, (y * ratio - x) * scale);
}""",
    "reciprocal": """T bitale_reciprocal_S(T a) {
    R x = crealf(a), y = cimagf(a);
    if (fabsf(y) <= fabsf(x)) {
        R ratio = y / x, size = x + y * ratio;
        return bitale_make_complex_r(1 / size, -ratio / size);
    }
    R ratio = x / y, size = x * ratio + y;
    return bitale_make_complex_r(ratio / size, -1 / size);
}""",
    "square": "T bitale_square_S(T a) { return bitale_multiply_S(a, a); }",
    "sign": """T bitale_sign_S(T a) {
    R x = crealf(a), y = cimagf(a), size = hypotf(x, y);
    if (size == 0) return 0;
    if (isinf(x) && isinf(y)) return bitale_make_complex_r(NAN, NAN);
    if (isinf(x)) return x > 0 ? 1 : -1;
    if (isinf(y)) return bitale_make_complex_r(0, y > 0 ? 1 : -1);
    return bitale_make_complex_r(x / size, y / size);
}""",
    "rint": "T bitale_rint_S(T a) { return bitale_make_complex_r(rintf(crealf(a)), rintf(cimagf(a))); }",
    # Small whole exponents by multiplication, as NumPy does it.
    "power": """T bitale_power_S(T a, T b) {
    R x = crealf(b);
    if (b == 0) return 1;
    if (a == 0) return x > 0 ? (T)0 : bitale_make_complex_r(NAN, NAN);
    if (cimagf(b) != 0 || x != rintf(x) || fabsf(x) >= 100) return cpowf(a, b);
    if (x == 1 || x == 2) return x == 1 ? a : bitale_square_S(a);
    if (x == 3) return bitale_multiply_S(a, bitale_square_S(a));
    T result = 1, factor = a;
    for (int count = (int)fabsf(x); count; count >>= 1) {
        if (count & 1) result = bitale_multiply_S(result, factor);
        if (count > 1) factor = bitale_multiply_S(factor, factor);
    }
    return x < 0 ? bitale_true_divide_S(1, result) : result;
}""",
    "isnan": "int bitale_isnan_S(T a) { return isnan(crealf(a)) || isnan(cimagf(a)); }",
    "isinf": "int bitale_isinf_S(T a) { return isinf(crealf(a)) || isinf(cimagf(a)); }",
    "isfinite": "int bitale_isfinite_S(T a) { return isfinite(crealf(a)) && isfinite(cimagf(a)); }",
    "less": """int bitale_less_S(T a, T b) {
    R x = crealf(a), y = crealf(b), u = cimagf(a), v = cimagf(b);
    return x < y ? u == u && v == v : x == y && u < v;
}""",
    "less_equal": """int bitale_less_equal_S(T a, T b) {
    R x = crealf(a), y = crealf(b), u = cimagf(a), v = cimagf(b);
    return x < y ? u == u && v == v : x == y && u <= v;
}""",
    "greater": "int bitale_greater_S(T a, T b) { return bitale_less_S(b, a); }",
    "greater_equal": "int bitale_greater_equal_S(T a, T b) { return bitale_less_equal_S(b, a); }",
    "maximum": "T bitale_maximum_S(T a, T b) { return bitale_isnan_S(a) || bitale_greater_equal_S(a, b) ? a : b; }",
    "minimum": "T bitale_minimum_S(T a, T b) { return bitale_isnan_S(a) || bitale_less_equal_S(a, b) ? a : b; }",
    "fmax": "T bitale_fmax_S(T a, T b) { return bitale_isnan_S(b) || bitale_greater_equal_S(a, b) ? a : b; }",
    "fmin": "T bitale_fmin_S(T a, T b) { return bitale_isnan_S(b) || bitale_less_equal_S(a, b) ? a : b; }",
    "clip": """T bitale_clip_S(T a, T low, T high) {
    return bitale_minimum_S(bitale_maximum_S(a, low), high);
}""",
    "exp2": "T bitale_exp2_S(T a) { return cexpf(a * (R)0.69314718055994530942); }",
    "log2": "T bitale_log2_S(T a) { return clogf(a) * (R)1.44269504088896340736; }",
    "log10": "T bitale_log10_S(T a) { return clogf(a) * (R)0.43429448190325182765; }",
    "log1p": """T bitale_log1p_S(T a) {
    R x = crealf(a) + 1, y = cimagf(a);
    return bitale_make_complex_r(logf(hypotf(x, y)), atan2f(y, x));
}""",
    "expm1": """T bitale_expm1_S(T a) {
    R x = crealf(a), y = cimagf(a), half = sinf(y / 2);
    return bitale_make_complex_r(expm1f(x) * cosf(y) - 2 * half * half, expf(x) * sinf(y));
}""",
}
OTHER = {
    **single.TEMPLATES,
    # To the 64-bit number that wraps, as NumPy's conversions do; beyond int64 as C's.
    "bitale_cast_u64": "uint64_t bitale_cast_u64(double a) {\n"
    "    return a < 0x1p63 ? (uint64_t)(int64_t)a : (uint64_t)a;\n}",
    "bitale_nextafter_f16": """_Float16 bitale_nextafter_f16(_Float16 a, _Float16 b) {
    union { _Float16 number; uint16_t bits; } x = {a};
    if (a != a || b != b) return a + b;
    if (a == b) return a;
    if (a == 0) x.bits = b > 0 ? 1 : 0x8001;
    else x.bits += (a < b) == (a > 0) ? 1 : -1;
    return x.number;
}""",
    # bfloat16 is the upper half of a float. Rounded to the nearest, of two to the even one; a NaN stays one.
    "bitale_widen_bf16": """float bitale_widen_bf16(uint16_t a) {
    union { uint32_t bits; float number; } x = {(uint32_t)a << 16};
    return x.number;
}""",
    "bitale_narrow_bf16": """uint16_t bitale_narrow_bf16(float a) {
    union { float number; uint32_t bits; } x = {a};
    const uint32_t rounded = x.bits + 0x7fff + (x.bits >> 16 & 1);
    return (uint16_t)((a != a ? x.bits | 0x400000 : rounded) >> 16);
}""",
    "bitale_nextafter_bf16": """uint16_t bitale_nextafter_bf16(uint16_t a, uint16_t b) {
    const float x = bitale_widen_bf16(a), y = bitale_widen_bf16(b);
    if (x != x || y != y) return 0x7fc0;
    if (x == y) return b;
    if (x == 0) return y > 0 ? 1 : 0x8001;
    return (uint16_t)(a + ((x < y) == (x > 0) ? 1 : -1));
}""",
    "bitale_order_i64u64": "int32_t bitale_order_i64u64(int64_t a, uint64_t b) {\n"
    "    return a < 0 || (uint64_t)a < b ? -1 : (uint64_t)a > b;\n}",
    "bitale_order_u64i64": "int32_t bitale_order_u64i64(uint64_t a, int64_t b) {\n"
    "    return b < 0 || a > (uint64_t)b ? 1 : a < (uint64_t)b ? -1 : 0;\n}",
}
LIBM = "fmod|copysign|floor|rint|fabs|log1p|exp|log|expm1|real|imag|pow|hypot|atan2|sin|cos"
WORD = re.compile(r"[A-Za-z_]\w*")


def _templates() -> dict[str, tuple[str, str]]:
    """What each helper is made of, by its C name: a template and a dtype ("" where there is one version only)."""
    found = {name: (text, "") for name, text in OTHER.items()}
    groups = (
        (REAL, FLOATS), (WHOLE, INTEGERS), (SIGNED_ONLY, SIGNED), (UNSIGNED_ONLY, UNSIGNED), (COMPLEX_ONLY, COMPLEX),
        (across.TEMPLATES, C_TYPES),
    )  # fmt: skip
    for templates, dtypes in groups:
        for name, template in templates.items():
            found |= {f"bitale_{name}_{SUFFIXES[dtype]}": (template, dtype) for dtype in dtypes}
    return found


TEMPLATES = _templates()
RANDOM = random.HELPERS | samplers.HELPERS
NAMES = TEMPLATES.keys() | RANDOM.keys()


@functools.cache
def definition(name: str) -> str:
    """The C text of a helper."""
    if name in RANDOM:
        return RANDOM[name]
    template, dtype = TEMPLATES[name]
    linkage = "BITALE_APART" if template in across.TEMPLATES.values() else "static inline"
    return f"{linkage} {_version(template, dtype) if dtype else template}"


def _version(template: str, dtype: str) -> str:
    wide = dtype in ("float64", "complex128")
    unsigned = dtype if dtype.startswith("u") else f"u{dtype}"
    bits = re.sub(r"\D", "", dtype)
    minimum = f"INT{bits}_MIN" if dtype in ("int32", "int64") else "0"
    names = {
        "T": C_TYPES[dtype], "R": "double" if wide else "float", "U": C_TYPES.get(unsigned, ""), "W": bits,
        "MIN": minimum,
    }  # fmt: skip
    text = re.sub(r"\b(T|R|U|W|MIN)\b", lambda m: names[m[0]], template)
    text = re.sub(r"(bitale_\w+)_S\b", rf"\1_{SUFFIXES[dtype]}", text)
    text = re.sub(r"(bitale_\w+)_r\b", rf"\1_{'f64' if wide else 'f32'}", text)
    if wide:
        text = re.sub(rf"\b(c?(?:{LIBM}))f\(", r"\1(", text)
    elif dtype == "float32":
        text = re.sub(rf"\b({'|'.join(single.NAMES)})f\(", r"bitale_\1_f32(", text)
    return text


def helper_functions(used: set[str], given: Collection[str] = ()) -> list[str]:
    """The helpers among `used` and what they need, each after what it uses, but for those `given` already.

    Adds their words to `used`.
    """
    order: list[str] = []

    def need(name: str) -> None:
        if name in order:
            return
        words = set(WORD.findall(definition(name))) - {name}
        for word in sorted((words & NAMES).difference(given)):
            need(word)
        used.update(words)
        order.append(name)

    for name in sorted((used & NAMES).difference(given)):
        need(name)
    return [line for name in order for line in definition(name).splitlines()]

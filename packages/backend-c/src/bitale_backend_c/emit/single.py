"""Elementwise functions of float32 that are our own: exp, log, log1p and tanh.

They are inlined, so that loops that use them keep what they hold in registers, and can be masked. NaN, infinities,
zeros and subnormals take no longer than other numbers; libmvec's functions call scalar ones for these: a softmax with
masked places took ten times as long. All are right at the ends of their ranges.

The arguments are reduced as Cody and Waite do it (Software Manual for the Elementary Functions, 1980); the polynomials
have the least relative error on what remains, found by weighted least squares (Lawson's iteration).
"""

from __future__ import annotations

NAMES = ("exp", "log", "log1p", "tanh")

# e^r - 1 for |r| <= log(2)/2, as r + r^2 q(r).
LESS_ONE = """\
    float p = 0x1.6a4154p-10f;
    p = p * r + 0x1.1239c6p-7f;
    p = p * r + 0x1.5558bcp-5f;
    p = p * r + 0x1.555492p-3f;
    p = p * r + 0x1.fffffcp-2f;
    p = p * (r * r) + r;"""

# log(1 + f) for |f| <= 1/3, as f + f^2 q(f); and k log(2), of which one float is enough: its error is 0.05 units.
LOGARITHM = """\
    float p = -0x1.09314ap-3f;
    p = p * f + 0x1.1ed166p-3f;
    p = p * f - 0x1.f25e24p-4f;
    p = p * f + 0x1.1ebe6p-3f;
    p = p * f - 0x1.55a75p-3f;
    p = p * f + 0x1.99d1f4p-3f;
    p = p * f - 0x1.fffe84p-3f;
    p = p * f + 0x1.555502p-2f;
    p = p * f - 0.5f;
    p = k * 0x1.62e43p-1f + (p * (f * f) + f);"""

TEMPLATES = {
    # 2^n e^r with n whole; log(2) in two parts, 2^n as two factors that are never subnormal themselves. Adding
    # 1.5 * 2^23 rounds, and leaves n in the low bits. Within 1.1 units in the last place.
    "bitale_exp_f32": f"""float bitale_exp_f32(float a) {{
    a = a < -105 ? -105 : a;
    a = a > 89 ? 89 : a;
    union {{ float number; uint32_t bits; }} n = {{a * 0x1.715476p+0f + 0x1.8p+23f}}, half, rest;
    float whole = n.number - 0x1.8p+23f, r = (a - whole * 0x1.62e4p-1f) - whole * 0x1.7f7d1cp-20f;
{LESS_ONE}
    half.bits = (n.bits >> 1 << 23) + 0x3f800000;
    rest.bits = (n.bits << 23) - (n.bits >> 1 << 23) + 0x3f800000;
    return (half.number * p + half.number) * rest.number;
}}""",
    # (e^2x - 1) / (e^2x + 1) of the absolute value, with e^2x - 1 = 2^n (e^r - 1) + (2^n - 1). Within 2.5 units.
    "bitale_tanh_f32": f"""float bitale_tanh_f32(float a) {{
    float x = fabsf(a);
    x = x > 10 ? 10 : x;
    union {{ float number; uint32_t bits; }} n = {{x * 0x1.715476p+1f + 0x1.8p+23f}}, power;
    float whole = n.number - 0x1.8p+23f, r = (2 * x - whole * 0x1.62e4p-1f) - whole * 0x1.7f7d1cp-20f;
{LESS_ONE}
    power.bits = (n.bits << 23) + 0x3f800000;
    p = power.number * p + (power.number - 1);
    return copysignf(p / (p + 2), a);
}}""",
    # 2^k (1 + f) with 1 + f from 2/3 to 4/3; subnormals are scaled first. Within 1 unit in the last place.
    "bitale_log_f32": f"""float bitale_log_f32(float a) {{
    int32_t small = a < 0x1p-126f;
    union {{ float number; uint32_t bits; }} m = {{small ? a * 0x1p+23f : a}};
    int32_t exponent = (int32_t)(m.bits - 0x3f2aaaab) >> 23;
    m.bits -= (uint32_t)exponent << 23;
    float f = m.number - 1, k = (float)(exponent - (small ? 23 : 0));
{LOGARITHM}
    p = a > 0 ? p : a == 0 ? -INFINITY : NAN;
    return a == INFINITY ? a : p;
}}""",
    # 1 + a = 2^k (1 + f), where f = 2^-k a + (2^-k - 1) is rounded once: small a keep all their digits. What is so
    # large that 2^-k would be subnormal is scaled first. Within 1.5 units in the last place.
    "bitale_log1p_f32": f"""float bitale_log1p_f32(float a) {{
    int32_t large = a > 0x1p+120f;
    float x = large ? a * 0x1p-8f : a;
    union {{ float number; uint32_t bits; }} m = {{1 + x}}, power;
    int32_t exponent = (int32_t)(m.bits - 0x3f2aaaab) >> 23;
    power.bits = 0x3f800000 - ((uint32_t)exponent << 23);
    float f = x * power.number + (power.number - 1), k = (float)(exponent + (large ? 8 : 0));
{LOGARITHM}
    p = a > -1 ? p : a == -1 ? -INFINITY : NAN;
    return copysignf(a == INFINITY ? a : p, a);
}}""",
}

"""Complex numbers in CUDA, which has none of C's: a type with its operators, and complex.h's functions of it."""

from __future__ import annotations

import re

# Sums and differences; products and quotients have functions of their own (see backend-c's helpers).
COMPLEX = """\
template <class R> struct bitale_complex {
    R re, im;
    bitale_complex() = default;
    BITALE_BOTH bitale_complex(R re, R im = 0) : re(re), im(im) {}
    template <class Q> BITALE_BOTH explicit bitale_complex(bitale_complex<Q> z) : re((R)z.re), im((R)z.im) {}
    friend BITALE_BOTH bitale_complex operator+(bitale_complex a, bitale_complex b) {
        return bitale_complex(a.re + b.re, a.im + b.im);
    }
    friend BITALE_BOTH bitale_complex operator-(bitale_complex a, bitale_complex b) {
        return bitale_complex(a.re - b.re, a.im - b.im);
    }
    friend BITALE_BOTH bitale_complex operator*(bitale_complex a, R b) { return bitale_complex(a.re * b, a.im * b); }
    friend BITALE_BOTH bitale_complex operator/(bitale_complex a, R b) { return bitale_complex(a.re / b, a.im / b); }
    friend BITALE_BOTH bool operator==(bitale_complex a, bitale_complex b) { return a.re == b.re && a.im == b.im; }
    friend BITALE_BOTH bool operator!=(bitale_complex a, bitale_complex b) { return !(a == b); }
    BITALE_BOTH bitale_complex operator-() const { return bitale_complex(-re, -im); }
    BITALE_BOTH bitale_complex &operator+=(bitale_complex b) { return *this = *this + b; }
};
typedef bitale_complex<float> bitale_c64;
typedef bitale_complex<double> bitale_c128;
BITALE_INLINE bitale_c64 bitale_make_complex_f32(float a, float b) { return bitale_c64(a, b); }
BITALE_INLINE bitale_c128 bitale_make_complex_f64(double a, double b) { return bitale_c128(a, b); }"""

# Functions of complex.h, for both precisions: R is the type of the parts, f libm's suffix.
FUNCTIONS = {
    "creal": "R crealf(C a) { return a.re; }",
    "cimag": "R cimagf(C a) { return a.im; }",
    "conj": "C conjf(C a) { return C(a.re, -a.im); }",
    "carg": "R cargf(C a) { return atan2f(a.im, a.re); }",
}
COMPLEX_NAMES = {f"{name}{suffix}" for name in FUNCTIONS for suffix in ("", "f")}


def complex_function(name: str) -> list[str]:
    """A function of complex.h in one precision."""
    single = name not in FUNCTIONS
    text = FUNCTIONS[name.removesuffix("f") if single else name]
    names = {"R": "float" if single else "double", "C": "bitale_c64" if single else "bitale_c128"}
    text = re.sub(r"\b[RC]\b", lambda m: names[m[0]], text)
    if not single:
        text = re.sub(r"\b(\w+)f\(", r"\1(", text)
    return f"BITALE_INLINE {text}".splitlines()

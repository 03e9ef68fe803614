"""Scalar expressions of the host, in C++, as backend-c spells them. Halves are floats there, rounded by each step."""

from __future__ import annotations

from bitale_backend_c.emit import helpers
from bitale_backend_c.emit.ctypes import literal
from bitale_backend_c.emit.spellings import spell
from bitale_backend_cuda.emit.complex import COMPLEX_NAMES, complex_function
from bitale_backend_cuda.emit.preamble import OWN
from bitale_backend_cuda.emit.types import TYPES, in_cuda
from bitale_graph.dtypes import SHORT
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_rewrite.loops.ir import Call, Literal, Name, Value
from bitale_rewrite.loops.values import fold

HALF_FUNCTIONS = {
    "bitale_from_float16": """\
static inline float bitale_from_float16(uint16_t bits) {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    float size = exponent ? ldexpf((float)(fraction | 1024), exponent - 25) : ldexpf((float)fraction, -24);
    if (exponent == 31) size = fraction ? NAN : INFINITY;
    return bits >> 15 ? -size : size;
}""",
    "bitale_round_float16": """\
static inline float bitale_round_float16(float a) {
    if (a != a || isinf(a)) return a;
    int exponent;
    frexpf(a, &exponent);
    const float unit = ldexpf(1, (exponent < -13 ? -13 : exponent) - 11), rounded = rintf(a / unit) * unit;
    return fabsf(rounded) > 65504 ? copysignf(INFINITY, a) : rounded;
}""",
    "bitale_from_bfloat16": """\
static inline float bitale_from_bfloat16(uint16_t bits) {
    const uint32_t word = (uint32_t)bits << 16;
    float a;
    memcpy(&a, &word, 4);
    return a;
}""",
    "bitale_round_bfloat16": """\
static inline float bitale_round_bfloat16(float a) {
    if (a != a) return a;
    uint32_t word;
    memcpy(&word, &a, 4);
    word = (word + 0x7fff + (word >> 16 & 1)) & 0xffff0000;
    memcpy(&a, &word, 4);
    return a;
}""",
}


def cpp(value: Value) -> str:
    """A scalar expression of the host in C++."""
    return fold(value, _text)


def bare(value: Value) -> str:
    """As `cpp`, where no operator stands beside it."""
    text = cpp(value)
    return text[1:-1] if text.startswith("(") and _closes(text) == len(text) else text


def type_of(dtype: str) -> str:
    """The type of a number on the host."""
    return TYPES[computed(dtype)]


def computed(dtype: str) -> str:
    """The dtype in which the host computes."""
    return "float32" if dtype in SHORT else dtype


def _text(value: Value, operands: list[str]) -> str:
    if isinstance(value, Literal):
        return in_cuda(literal(value.number, computed(value.dtype)))
    if isinstance(value, Name):
        return value.name
    assert isinstance(value, Call), "elements of arrays are read by statements"
    function = value.function
    if function.name.startswith("cast_"):
        function = FUNCTIONS[f"cast_{computed(function.name.removeprefix('cast_'))}"]
    text = in_cuda(spell(function, [computed(v.dtype) for v in value.operands], operands))
    return f"bitale_round_{value.dtype}({text})" if value.dtype in SHORT else text


def _closes(text: str) -> int:
    """Where the parenthesis ends that a text begins with."""
    depth = 0
    for place, character in enumerate(text, 1):
        depth += (character == "(") - (character == ")")
        if not depth:
            return place
    raise AssertionError(f"{text}: a parenthesis is open")


def functions(lines: list[str]) -> list[str]:
    """The functions of ours that `lines` use, for the host."""
    used = set(helpers.WORD.findall("\n".join(lines)))
    found = [in_cuda(line) for line in helpers.helper_functions(used, OWN)]
    used |= set(helpers.WORD.findall("\n".join(found)))
    made = [
        f"static inline {number} {name}({part} a, {part} b) {{ return {number}(a, b); }}"
        for name, number, part in (
            ("bitale_make_complex_f32", "bitale_c64", "float"), ("bitale_make_complex_f64", "bitale_c128", "double"),
        )
        if name in used
    ]  # fmt: skip
    parts = [line for key in sorted(used & COMPLEX_NAMES) for line in complex_function(key)]
    halves = [line for name, text in HALF_FUNCTIONS.items() if name in used for line in text.splitlines()]
    return [*made, *(line.replace("BITALE_INLINE", "static inline") for line in parts), *halves, *found]

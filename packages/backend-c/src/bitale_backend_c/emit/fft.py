"""Fourier transforms in C: calls, and the headers in include/fft, which stand in the files of programs that call."""

from __future__ import annotations

import re
from pathlib import Path

from bitale_backend_c.emit.ctypes import SUFFIXES
from bitale_backend_c.emit.expressions import text
from bitale_graph.dtypes import real_dtype
from bitale_graph.ops.fft import Fft, Irfft
from bitale_rewrite.loops.ir import LibraryCall

FOLDER = Path(__file__).parents[1] / "include" / "fft"
PARTS = ("passes", "exchange", "plan", "run", "real", "kept")  # once for each precision
REALS = {"f32": "float", "f64": "double"}


def fft_call(step: LibraryCall) -> str:
    """The call that runs a step. Memory may run out in it."""
    op, (x,), (y,) = step.op, step.inputs, step.outputs
    real = REALS[SUFFIXES[real_dtype(x.dtype)]]
    inverse = int(isinstance(op, Irfft) or (isinstance(op, Fft) and op.inverse))
    function = f"bitale_fft_{'of_complex' if isinstance(op, Fft) else 'of_real'}_{SUFFIXES[real_dtype(x.dtype)]}"
    rows, n = map(text, step.sizes)
    arrays = f"(const {real} *){x.name}, ({real} *){y.name}"
    return f"if ({function}(threads, {arrays}, {rows}, {n}, {inverse})) return -1;"


def fft_functions(source: str) -> list[str]:
    """The functions that a source calls."""
    found = sorted(set(re.findall(r"\bbitale_fft_of_\w+?_(f\d\d)\b", source)))
    lines = _text("vectors") if found else []
    for precision in found:
        given = {"REAL": REALS[precision], "LANES": f"BITALE_LANES_{precision}",
                 "FFT(name)": f"bitale_fft_##name##_{precision}"}  # fmt: skip
        lines += [f"#define {name} {value}" for name, value in given.items()]
        for part in PARTS:
            lines += _text(part)
        lines += [f"#undef {name.partition('(')[0]}" for name in given]
    return lines


def _text(part: str) -> list[str]:
    return (FOLDER / f"{part}.h").read_text(encoding="utf-8").splitlines()

"""Tiles of operands that lie across the loops: copied in blocks of whole cache lines, or read where they lie.

The loops of `bitale_rewrite.loops.across` copy a part of an operand to scratch. Here that is a call: of what lies along
the inner loop already, the tile is the part itself. What lies along the outer loop is transposed in blocks of 16 x 16
by perfect shuffles (Stone, Parallel processing with the perfect shuffle, 1971): each moves element k to 2k and element
k + 128 to 2k + 1, which compilers make of vectors, and four of them exchange row and column.
"""

from __future__ import annotations

from dataclasses import dataclass

from bitale_backend_c.emit.ctypes import C_TYPES, SUFFIXES
from bitale_backend_c.emit.expressions import offset, strides, text
from bitale_rewrite.loops.across import ACROSS, affine
from bitale_rewrite.loops.integers import ONE, ZERO
from bitale_rewrite.loops.ir import For, Load, Store, Value

TEMPLATES = {
    "transpose": """void bitale_transpose_S(T *restrict out, const T *restrict from, int64_t along) {
    T a[256] BITALE_ALIGNED, b[256] BITALE_ALIGNED;
    for (int32_t row = 0; row < 8; row++) {
#pragma omp simd
        for (int32_t k = 0; k < 16; k++) {
            a[2*(16*row + k)] = from[row*along + k];
            a[2*(16*row + k) + 1] = from[(row + 8)*along + k];
        }
    }
#pragma omp simd
    for (int32_t k = 0; k < 128; k++) {
        b[2*k] = a[k];
        b[2*k + 1] = a[k + 128];
    }
#pragma omp simd
    for (int32_t k = 0; k < 128; k++) {
        a[2*k] = b[k];
        a[2*k + 1] = b[k + 128];
    }
    for (int32_t row = 0; row < 16; row++) {
#pragma omp simd
        for (int32_t k = 0; k < 8; k++) {
            out[row*ACROSS + 2*k] = a[8*row + k];
            out[row*ACROSS + 2*k + 1] = a[8*row + k + 128];
        }
    }
}""",
    # Steps between rows and between columns are `down` and `along`; `step` becomes that between rows of the tile.
    "tile": """const T *bitale_tile_S(T *restrict tile, const T *from, int64_t down, int64_t along, int64_t rows,
        int64_t columns, int64_t *step) {
    *step = along == 1 ? down : ACROSS;
    if (along == 1) return from;
    const int64_t whole_rows = down == 1 ? rows - rows % 16 : 0, whole_columns = columns - columns % 16;
    for (int64_t j = 0; j < whole_columns; j += 16)
        for (int64_t i = 0; i < whole_rows; i += 16)
            bitale_transpose_S(tile + i*ACROSS + j, from + i + j*along, along);
    for (int64_t i = 0; i < rows; i++) {
        const int64_t first = i < whole_rows ? whole_columns : 0;
#pragma omp simd
        for (int64_t j = first; j < columns; j++) tile[i*ACROSS + j] = from[i*down + j*along];
    }
    return tile;
}""",
}
TEMPLATES = {name: template.replace("ACROSS", str(ACROSS)) for name, template in TEMPLATES.items()}


@dataclass(frozen=True)
class Copy:
    """A part of `source` becomes a tile: `store` is what each iteration of the two loops does."""

    rows: For
    columns: For
    store: Store
    source: Load


def copy_of(loop: For) -> Copy | None:
    """The copy that a loop is, if it is one."""
    inner = loop.body[0]
    if not isinstance(inner, For) or not isinstance(store := inner.body[0], Store) or not isinstance(store.value, Load):
        return None
    to_tile = store.buffer.kind == "scratch" and store.buffer.strided
    return Copy(loop, inner, store, store.value) if to_tile else None


def copy_lines(copy: Copy, done: dict[Value, str]) -> list[str]:
    """The tile, and the step between its rows."""
    tile, buffer = copy.store.buffer, copy.source.buffer
    place: list[Value] = []
    steps: tuple[list[str], list[str]] = [], []
    for value, stride in zip(copy.source.index, strides(buffer), strict=True):
        for loop, found in zip((copy.rows, copy.columns), steps, strict=True):
            pair = affine(value, loop.index)
            assert pair is not None, "only operands that lie evenly have tiles"
            value, step = pair
            if step != ZERO:
                found.append(stride if step == ONE else f"{text(step, done)}*{stride}")
        place.append(value)
    down, along = (" + ".join(found) for found in steps)
    start = offset(buffer, tuple(place), [text(v, done) for v in place])
    ctype, size = C_TYPES[tile.dtype], f"{text(copy.rows.extent, done)}, {text(copy.columns.extent, done)}"
    arguments = f"{tile.name}_row, {buffer.name} + {start}, {down}, {along}, {size}, &{tile.name}_s0"
    return [
        f"int64_t {tile.name}_s0;",
        f"const {ctype} *{tile.name} = bitale_tile_{SUFFIXES[tile.dtype]}({arguments});",
    ]

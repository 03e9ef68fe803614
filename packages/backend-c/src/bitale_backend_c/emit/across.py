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
from bitale_rewrite.loops.across import ACROSS, Pair, affine
from bitale_rewrite.loops.integers import ONE, ZERO, product
from bitale_rewrite.loops.ir import For, Load, Name, Store, Value

TEMPLATES = {
    # Vectors of few elements are no faster than the elements.
    "transpose": """void bitale_transpose_S(T *restrict out, const T *restrict from, int64_t along) {
    T a[256] BITALE_ALIGNED, b[256] BITALE_ALIGNED;
    if (sizeof(T) > 4) {
        for (int32_t row = 0; row < 16; row++)
#pragma omp simd
            for (int32_t k = 0; k < 16; k++) out[row*ACROSS + k] = from[k*along + row];
        return;
    }
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
    # Steps between rows and between columns are `down` and `along`; `step` becomes that between rows of the tile. The
    # last blocks overlap those before.
    "tile": """const T *bitale_tile_S(T *restrict tile, const T *from, int64_t down, int64_t along, int64_t rows,
        int64_t columns, int64_t *step) {
    *step = along == 1 ? down : ACROSS;
    if (along == 1) return from;
    if (columns < 16)
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < columns; j++) tile[i*ACROSS + j] = from[i*down + j*along];
    else if (down == 1 && rows >= 16)
        for (int64_t column = 0; column < columns; column += 16)
            for (int64_t row = 0; row < rows; row += 16) {
                const int64_t i = row < rows - 16 ? row : rows - 16, j = column < columns - 16 ? column : columns - 16;
                bitale_transpose_S(tile + i*ACROSS + j, from + i + j*along, along);
            }
    else
        for (int64_t i = 0; i < rows; i++)
            for (int64_t column = 0; column < columns; column += 16) {
                const int64_t j = column < columns - 16 ? column : columns - 16;
#pragma omp simd
                for (int32_t k = 0; k < 16; k++) tile[i*ACROSS + j + k] = from[i*down + (j + k)*along];
            }
    return tile;
}""",
}
FAR = 65536  # elements from which copies cost less than strides through the caches
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


def steps(source: Load, outer: Name, inner: Name, done: dict[Value, str]) -> tuple[str, str]:
    """How far apart in memory neighbours along each of two loops are."""
    found: tuple[list[str], list[str]] = [], []
    for value, stride in zip(source.index, strides(source.buffer), strict=True):
        for index, parts in zip((outer, inner), found, strict=True):
            pair = affine(value, index)
            assert pair is not None, "only operands that lie evenly have tiles"
            value, step = pair
            if step != ZERO:
                parts.append(stride if step == ONE else f"{text(step, done)}*{stride}")
    return " + ".join(found[0]), " + ".join(found[1])


def start(source: Load, outer: Name, inner: Name, done: dict[Value, str]) -> str:
    """Where the part begins."""
    place = [affine(affine(value, outer)[0], inner)[0] for value in source.index]  # type: ignore[index]
    return offset(source.buffer, tuple(place), [text(v, done) for v in place])


def copy_lines(copy: Copy, done: dict[Value, str]) -> list[str]:
    """The tile, and the step between its rows."""
    tile, source, loops = copy.store.buffer, copy.source, (copy.rows.index, copy.columns.index)
    place = f"{source.buffer.name} + {start(source, *loops, done)}, {', '.join(steps(source, *loops, done))}"
    size = f"{text(copy.rows.extent, done)}, {text(copy.columns.extent, done)}"
    call = f"bitale_tile_{SUFFIXES[tile.dtype]}({tile.name}_row, {place}, {size}, &{tile.name}_s0)"
    return [f"int64_t {tile.name}_s0;", f"const {C_TYPES[tile.dtype]} *{tile.name} = {call};"]


def worthwhile(pair: Pair) -> str:
    """The condition in C under which tiles gain: something lies across the loops, and is large."""
    far = f"{text(product((pair.outer.extent, pair.inner.extent)))} >= {FAR}"
    if pair.across:
        return far
    found = [steps(load, pair.outer.index, pair.inner.index, {})[0] for load in pair.tiles]
    across = " || ".join(dict.fromkeys(f"{down} == 1" for down in found))
    return f"({across}) && {far}"

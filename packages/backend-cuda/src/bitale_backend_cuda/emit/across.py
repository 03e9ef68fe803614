"""The kernel of a launch that goes by tiles."""

from __future__ import annotations

from dataclasses import replace

from bitale_backend_c.emit.expressions import is_strided, text
from bitale_backend_cuda.across import TILE, Across
from bitale_backend_cuda.emit.indices import index_lines
from bitale_backend_cuda.emit.statements import INDENT, ThreadEmitter
from bitale_backend_cuda.emit.types import TYPES
from bitale_rewrite.loops.ir import Load, Name, Statement, Value

ROWS = 8  # of a tile that the 256 threads of a block take at once


class TileEmitter(ThreadEmitter):
    """Prints what a block does with the tiles that are its own."""

    def __init__(self, across: Across) -> None:
        super().__init__()
        self.across = across
        self.names: dict[Load, str] = {}
        for load in across.tiles:
            count = sum(load.buffer is other.buffer for other in self.names)
            self.names[load] = f"{load.buffer.name}_tile{count or ''}"

    def tiles(self, body: list[Statement]) -> list[str]:
        """The lines for `body`, run for each iteration of each tile."""
        for load, name in self.names.items():
            self.line(0, f"__shared__ {TYPES[load.dtype]} {name}[{TILE}][{TILE + 1}];")
            condition = self._condition(load)
            if condition:
                self.line(0, f"const bool {name}s = {condition};")
        self.line(0, f"const int column = threadIdx.x % {TILE};")
        for index, extent in zip((self.across.outer, self.across.inner), self.across.extents, strict=True):
            self.line(0, f"const int64_t {index}_tiles = ({text(extent)} + {TILE - 1}) / {TILE};")
        launch = replace(self.across.launch, spread=[*map(self._tiled, self.across.launch.spread)])
        self.line(0, f"for (int64_t tile = blockIdx.x; tile < {text(launch.count)}; tile += gridDim.x) {{")
        self.lines += [INDENT + line for line in index_lines(launch, "tile", prepared=False)]
        i, j = self.across.outer, self.across.inner
        self._part(j, i)
        for load, name in self.names.items():
            condition = self._condition(load)
            guard = f"if ({name}s) " if condition else ""
            self.line(3, f"{guard}{name}[place][column] = {self.place(load.buffer, load.index)};")
        self._end_part()
        for load, name in self.names.items():
            element = f"{name}[column][place]"
            self._texts[load] = f"({name}s ? {element} : {text(load)})" if self._condition(load) else element
        self._part(i, j)
        self.body(body, 3)
        self._end_part()
        self.line(0, "}")
        return self.lines

    def _tiled(self, loop: tuple[Name, Value]) -> tuple[Name, Value]:
        index, _ = loop
        return (Name(f"{index}_tile"), Name(f"{index}_tiles")) if index in self._cut else loop

    @property
    def _cut(self) -> tuple[Name, Name]:
        return self.across.outer, self.across.inner

    def _part(self, down: Name, along: Name) -> None:
        """A loop over the rows of a tile, along which the threads of a warp take neighbours."""
        extents = dict(self.across.launch.spread)
        self.line(1, "#pragma unroll")
        self.line(1, f"for (int part = 0; part < {TILE // ROWS}; part++) {{")
        self.line(2, f"const int place = part * {ROWS} + threadIdx.x / {TILE};")
        self.line(2, f"const int64_t {down} = {down}_tile * {TILE} + place, {along} = {along}_tile * {TILE} + column;")
        self.line(2, f"if ({down} < {text(extents[down])} && {along} < {text(extents[along])}) {{")

    def _end_part(self) -> None:
        self.line(2, "}")
        self.line(1, "}")
        self.line(1, "__syncthreads();")

    def _condition(self, load: Load) -> str:
        """Whether an operand lies across, where that is known only at run time."""
        if not is_strided(load.buffer):
            return ""
        outer, inner = (f"{load.buffer.name}_s{axis}" for axis in self.across.tiles[load])
        return f"{outer} == 1 && {inner} != 1"

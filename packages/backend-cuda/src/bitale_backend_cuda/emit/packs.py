"""The kernel of a launch that takes packs."""

from __future__ import annotations

from bitale_backend_c.emit.expressions import brings_strides, is_strided, offset, text
from bitale_backend_cuda.emit.statements import ThreadEmitter
from bitale_backend_cuda.emit.types import TYPES
from bitale_backend_cuda.packs import Packs
from bitale_rewrite.loops.integers import ZERO
from bitale_rewrite.loops.ir import Buffer, Load, Statement, Store


class PackEmitter(ThreadEmitter):
    """Prints what a thread does with one pack, whose first element has the number `element`."""

    def __init__(self, packs: Packs) -> None:
        super().__init__()
        self.packs = packs
        self.names: dict[Load, str] = {}
        for place in packs.places:
            count = sum(place.buffer is other.buffer for other in self.names)
            self.names[place] = f"{place.buffer.name}_pack{count or ''}"

    def pack(self, body: list[Statement]) -> list[str]:
        """The lines for `body`, run for each element of a pack."""
        where = {place: self._where(place) for place in self.packs.places}
        for place in self.packs.loaded:
            taken = f"bitale_take<{self.packs.width}>({where[place]})"
            self.line(1, f"const {self._type(place)} {self.names[place]} = {taken};")
        stored = [place for place in self.packs.places if place not in self.packs.loaded]
        for place in stored:
            self.line(1, f"{self._type(place)} {self.names[place]};")
        self._texts = {place: f"{self.names[place]}.at[part]" for place in self.packs.loaded}
        last = self.packs.launch.spread[-1][0]
        self._texts[last] = f"({last.name} + part)"
        self.line(1, "#pragma unroll")
        self.line(1, f"for (int part = 0; part < {self.packs.width}; part++) {{")
        self.body(body, 2)
        self.line(1, "}")
        for place in stored:
            self.line(1, f"bitale_put({self.names[place]}, {where[place]});")
        return self.lines

    def condition(self) -> str:
        """Whether the first pack of a row lies as packs need."""
        strides = [f"{b.name}_s{len(b.shape) - 1} == 1" for b in self._buffers() if brings_strides(b)]
        starts = [f"(uint64_t)({self._where(Load(p.buffer, (*p.index[:-1], ZERO)))})" for p in self.packs.places]
        return " && ".join([*strides, f"({' | '.join(dict.fromkeys(starts))}) % {self.packs.alignment} == 0"])

    def _buffers(self) -> list[Buffer]:
        return list(dict.fromkeys(place.buffer for place in self.packs.places))

    def store(self, s: Store, depth: int) -> None:
        self.line(depth, f"{self.names[Load(s.buffer, s.index)]}.at[part] = {self.text(s.value)};")

    def single(self, body: list[Statement]) -> list[str]:
        """The lines for `body`, run for one element of a flat launch."""
        emitter = ThreadEmitter()
        emitter._texts = {place: f"{place.buffer.name}[element]" for place in self.packs.loaded}
        for s in body:
            if isinstance(s, Store):
                emitter.line(1, f"{s.buffer.name}[element] = {emitter.text(s.value)};")
            else:
                emitter.statement(s, 1)
        return emitter.lines

    def _type(self, place: Load) -> str:
        return f"bitale_pack<{TYPES[place.dtype]}, {self.packs.width}>"

    def _where(self, place: Load) -> str:
        """The address of a pack."""
        if self.packs.flat:
            return f"{place.buffer.name} + element"
        at = [text(i) for i in place.index]
        if is_strided(place.buffer):  # the last of which is known to be 1
            terms = [f"({i})*{place.buffer.name}_s{axis}" for axis, i in enumerate(at[:-1])]
            return " + ".join([place.buffer.name, *terms, at[-1]])
        return f"{place.buffer.name} + {offset(place.buffer, place.index, at)}"


"""The kernel of a launch whose threads take all words of a block of random bits."""

from __future__ import annotations

from bitale_backend_c.emit.expressions import text
from bitale_backend_cuda.emit.indices import index_lines
from bitale_backend_cuda.emit.statements import INDENT, ThreadEmitter
from bitale_backend_cuda.emit.types import TYPES
from bitale_backend_cuda.runs import Runs
from bitale_graph.ops.random import RUN
from bitale_rewrite.loops.integers import ZERO
from bitale_rewrite.loops.ir import Call, Let, Statement, Value
from bitale_rewrite.loops.touched import values_of
from bitale_rewrite.loops.values import everything_in, transform


class RunEmitter(ThreadEmitter):
    """Prints what a thread does with its blocks."""

    def __init__(self, runs: Runs) -> None:
        super().__init__()
        self.runs = runs
        self._texts = {draw: f"words{number}[part]" for number, draw in enumerate(runs.draws)}

    def _words(self, number: int, draw: Call) -> str:
        """The words of a block, as an array."""
        key, stream = map(text, draw.operands[:2])
        words = [f"bitale_philox({key}, {stream}, block, {word})" for word in range(4)]
        if draw.dtype == "uint64":
            words = [f"{low} | (uint64_t){high} << 32" for low, high in zip(words[::2], words[1::2], strict=True)]
        return f"const {TYPES[draw.dtype]} words{number}[] = {{{', '.join(words)}}};"

    def blocks(self, body: list[Statement], start: str, step: str) -> list[str]:
        """The lines for `body`, run for each element of a block."""
        size, count = self.runs.blocks, text(self.runs.launch.count)
        first = f"block / {size} * {RUN} + block % {size}"
        self.line(0, f"for (int64_t block = {start}; {first} < {count}; block += {step}) {{")
        for number, draw in enumerate(self.runs.draws):
            self.line(1, self._words(number, draw))
        self.line(1, "#pragma unroll")
        self.line(1, f"for (int part = 0; part < {self.runs.parts}; part++) {{")
        self.line(2, f"const int64_t element = {first} + {size} * part;")
        self.line(2, f"if (element < {count}) {{")
        kept, used = self._used(body)
        if any(index in used for index, _ in self.runs.launch.spread):
            self.lines += [INDENT * 3 + line for line in index_lines(self.runs.launch, "element", prepared=True)]
        self.body(kept, 3)
        self.lines += [f"{INDENT * depth}}}" for depth in (2, 1, 0)]
        return self.lines

    def _used(self, body: list[Statement]) -> tuple[list[Statement], set[Value]]:
        """The statements without the names that only the numbers of draws were made of; and what they use."""
        known: dict[Value, Value] = dict.fromkeys(self.runs.draws, ZERO)
        used: set[Value] = set()
        kept: list[Statement] = []
        for s in reversed(body):
            if not isinstance(s, Let) or s.name in used:
                kept.insert(0, s)
                used.update(everything_in([transform(v, lambda part: part, dict(known)) for v in values_of(s)]))
        return kept, used

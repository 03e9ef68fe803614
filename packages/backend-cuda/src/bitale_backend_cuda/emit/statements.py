"""Statements of the loop IR for one thread, or for the lanes of a group that share its inner loops."""

from __future__ import annotations

from bitale_backend_c.emit.expressions import offset, text
from bitale_backend_c.emit.reduction import combine
from bitale_backend_c.emit.statements import unwrap
from bitale_backend_cuda.emit.operators import operator_name
from bitale_backend_cuda.emit.types import TYPES
from bitale_backend_cuda.launch import shared
from bitale_backend_cuda.running import Running, running
from bitale_rewrite.loops.identities import identity_of, start_of
from bitale_rewrite.loops.integers import MAXIMUM, ONE, size_call
from bitale_rewrite.loops.ir import (
    Accumulate,
    Assign,
    Buffer,
    Fail,
    For,
    If,
    Let,
    Literal,
    Load,
    Name,
    Statement,
    Store,
    Value,
)
from bitale_rewrite.loops.touched import statements

INDENT = "    "


class ThreadEmitter:
    """Prints what a single thread does. With `atomic`, others accumulate into the same elements."""

    def __init__(self, atomic: bool = False) -> None:
        self.lines: list[str] = []
        self.atomic = atomic
        self._texts: dict[Value, str] = {}

    def body(self, body: list[Statement], depth: int) -> None:
        """Statements that stand side by side."""
        for statement in body:
            self.statement(statement, depth)

    def line(self, depth: int, line: str) -> None:
        self.lines.append(INDENT * depth + line)

    def text(self, value: Value) -> str:
        """A scalar expression."""
        return unwrap(text(value, self._texts))

    def place(self, buffer: Buffer, index: tuple[Value, ...]) -> str:
        """An element of an array."""
        return f"{buffer.name}[{offset(buffer, index, [text(i, self._texts) for i in index])}]"

    def statement(self, s: Statement, depth: int) -> None:
        if isinstance(s, For):
            self.loop(s, depth)
        elif isinstance(s, Let):
            constant = "" if s.mutable else "const "
            self.line(depth, f"{constant}{TYPES[s.name.dtype]} {s.name.name} = {self.text(s.value)};")
        elif isinstance(s, Assign):
            self.line(depth, f"{s.target.name} = {self.text(s.value)};")
        elif isinstance(s, Store):
            self.store(s, depth)
        elif isinstance(s, Accumulate):
            self.accumulate(s, depth)
        elif isinstance(s, If):
            self.line(depth, f"if ({self.text(s.condition)}) {{")
            self.body(s.body, depth + 1)
            if s.orelse:
                self.line(depth, "} else {")
                self.body(s.orelse, depth + 1)
            self.line(depth, "}")
        else:
            self.fail(s, depth)

    def loop(self, s: For, depth: int) -> None:
        i = s.index.name
        self.line(depth, f"for (int64_t {i} = 0; {i} < {self.text(s.extent)}; {i}++) {{")
        self.body(s.body, depth + 1)
        self.line(depth, "}")

    def store(self, s: Store, depth: int) -> None:
        self.line(depth, f"{self.place(s.buffer, s.index)} = {self.text(s.value)};")

    def accumulate(self, s: Accumulate, depth: int) -> None:
        if isinstance(s.target, Name):
            self.line(depth, combine(s.function, s.value.dtype, s.target.name, self.text(s.value)))
            return
        place, value = self.place(s.target.buffer, s.target.index), self.text(s.value)
        if self.atomic:
            self.line(depth, f"bitale_atomic(&{place}, {value}, {operator_name(s.function, s.value.dtype)}());")
        else:
            self.line(depth, combine(s.function, s.value.dtype, place, value))

    def fail(self, s: Fail, depth: int) -> None:
        values = "".join(f", (int64_t)({self.text(v)})" for v in s.values)
        self.line(depth, f"if ({self.text(s.condition)}) {{ bitale_fail(status, {s.code}{values}); return; }}")


class GroupEmitter(ThreadEmitter):
    """Prints what the lanes of a group do together: outside of inner loops they all do the same, and one writes.

    `G` is the number of lanes. What lanes gather is combined after the loop, and then known to all.
    """

    def __init__(self, scratch: list[Buffer]) -> None:
        super().__init__()
        self.scratch = scratch
        self._fresh: set[Name] = set()  # totals that nothing was gathered into yet

    def statement(self, s: Statement, depth: int) -> None:
        if isinstance(s, Let) and s.mutable:
            self._fresh.add(s.name)
        super().statement(s, depth)

    def store(self, s: Store, depth: int) -> None:
        self.line(depth, f"if (lane == 0) {self.place(s.buffer, s.index)} = {self.text(s.value)};")
        self.line(depth, "bitale_wait<G>();")

    def accumulate(self, s: Accumulate, depth: int) -> None:
        if isinstance(s.target, Name):
            super().accumulate(s, depth)
            return
        step = combine(s.function, s.value.dtype, self.place(s.target.buffer, s.target.index), self.text(s.value))
        self.line(depth, f"if (lane == 0) {{ {step} }}")
        self.line(depth, "bitale_wait<G>();")

    def loop(self, s: For, depth: int) -> None:
        """A loop that the lanes share."""
        how = None if s.parallel or s.gathers else running(s)
        if how:
            self._running(s, how, depth)
            return
        spread, body = shared(s)
        inner = list(statements(body))
        own = {each.name for each in inner if isinstance(each, Let)}
        steps: dict[Name, Accumulate] = {}
        for each in inner:
            if isinstance(each, Accumulate) and isinstance(each.target, Name) and each.target not in own:
                steps.setdefault(each.target, each)
        for target, step in steps.items():
            self._begin(target, step, depth)
        thread = ThreadEmitter()
        thread.body(body, depth + 1)
        head, steps_of_indices = self._lanes(spread)
        self.line(depth, head)
        self.lines += thread.lines
        for line in steps_of_indices:
            self.line(depth + 1, line)
        self.line(depth, "}")
        for target, step in steps.items():
            operator = operator_name(step.function, target.dtype)
            gathered = f"bitale_gather<G>({target.name}, {operator}())"
            if target in self._fresh:
                self._fresh.discard(target)
                self.line(depth, f"{target.name} = {gathered};")
            else:
                self.line(depth, f"{target.name} = {operator}()({target.name}_before, {gathered});")
        if any(isinstance(each, Store) or _into_array(each) for each in inner):
            self.line(depth, "bitale_wait<G>();")

    def _lanes(self, spread: list[tuple[Name, Value]]) -> tuple[str, list[str]]:
        """The head of a loop in which each lane takes its share of loops around each other, and the lines at its end:
        the indices are digits of one number, which grows by G."""
        (first, extent), *inside = spread
        if not inside:
            return f"for (int64_t {first} = lane; {first} < {self.text(extent)}; {first} += G) {{", []
        starts, steps, lane, lanes = list[str](), list[str](), "lane", "G"
        for (above, _), (index, n) in reversed(list(zip(spread, inside, strict=False))):
            size = self.text(size_call(MAXIMUM, (n, ONE), "int64"))
            starts.append(f"{index} = {lane} % {size}")
            steps += [f"{index} += {lanes} % {size};", f"if ({index} >= {size}) {{ {index} -= {size}; {above}++; }}"]
            lane, lanes = f"{lane} / {size}", f"{lanes} / {size}"
        starts.append(f"{first} = {lane}")
        steps.append(f"{first} += {lanes};")
        inside = [(index, n) for index, n in spread if index == first or not isinstance(n, Literal)]
        conditions = " && ".join(f"{index} < {self.text(n)}" for index, n in inside)
        return f"for (int64_t {', '.join(starts)}; {conditions};) {{", steps

    def _running(self, s: For, how: Running, depth: int) -> None:
        """A loop with a running total: the lanes take neighbours, and add up what those before them add."""
        i, n, total = s.index.name, self.text(s.extent), how.total.name
        ctype, operator = TYPES[how.total.dtype], f"{operator_name(how.function, how.total.dtype)}()"
        self.line(depth, f"for (int64_t {i}_tile = 0; {i}_tile < {n}; {i}_tile += G) {{")
        self.line(depth + 1, f"const int64_t {i} = {i}_tile + lane;")
        identity = self.text(start_of(how.function, how.total.dtype, running=True))
        self.line(depth + 1, f"{ctype} own = {identity}, all;")
        self.line(depth + 1, f"if ({i} < {n}) {{")
        inner = ThreadEmitter()
        inner.body(how.lets, depth + 2)
        self.lines += inner.lines
        self.line(depth + 2, f"own = {inner.text(how.value)};")
        self.line(depth + 1, "}")
        upto = f"bitale_scan<G>(own, {operator}, all)"
        if how.condition is None:
            self.line(depth + 1, f"const {ctype} upto = {operator}({total}, {upto});")
        else:
            self.line(depth + 1, f"const {ctype} upto = {total} + {upto} - own;")
        self.line(depth + 1, f"if ({'own' if how.condition else f'{i} < {n}'}) {{")
        inner = ThreadEmitter()
        inner._texts[how.total] = "upto"
        inner.body([*how.lets, *how.stores], depth + 2)
        self.lines += inner.lines
        self.line(depth + 1, "}")
        self.line(depth + 1, f"{total} = {operator}({total}, all);")
        self.line(depth, "}")
        self._fresh.discard(how.total)
        self.line(depth, "bitale_wait<G>();")

    def _begin(self, target: Name, step: Accumulate, depth: int) -> None:
        if target not in self._fresh:
            identity = Let(target, identity_of(step.function, target.dtype))
            self.line(depth, f"const {TYPES[target.dtype]} {target.name}_before = {target.name};")
            self.line(depth, f"{target.name} = {self.text(identity.value)};")


def _into_array(s: Statement) -> bool:
    return isinstance(s, Accumulate) and isinstance(s.target, Load)


"""Statements of the loop IR for the lanes of a group, which share the inner loops."""

from __future__ import annotations

from dataclasses import replace

from bitale_backend_c.emit.expressions import text
from bitale_backend_c.emit.reduction import combine
from bitale_backend_cuda.emit.operators import operator_name
from bitale_backend_cuda.emit.packs import PackEmitter
from bitale_backend_cuda.emit.statements import INDENT, ThreadEmitter
from bitale_backend_cuda.emit.types import TYPES
from bitale_backend_cuda.launch import Form, Launch, shared
from bitale_backend_cuda.packs import packs_of
from bitale_backend_cuda.running import Running, running
from bitale_rewrite.loops.identities import identity_of, start_of
from bitale_rewrite.loops.integers import MAXIMUM, ONE, size_call
from bitale_rewrite.loops.ir import Accumulate, For, Let, Literal, Load, Name, Statement, Store, Value
from bitale_rewrite.loops.touched import statements

FEWEST = 64  # elements of a row from which a known length is worth packs


class GroupEmitter(ThreadEmitter):
    """Prints what the lanes of a group do together: outside of inner loops they all do the same, and one writes.

    `G` is the number of lanes. What lanes gather is combined after the loop, and then known to all. With `wide`, lanes
    take packs of neighbours where rows lie as these need.
    """

    def __init__(self, wide: bool = False) -> None:
        super().__init__()
        self.wide = wide
        self._packed = 0  # loops that take packs
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
        if len(spread) == 1 and self.wide:
            head = self._packs(*spread[0], body, depth) or head
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

    def _packs(self, index: Name, extent: Value, body: list[Statement], depth: int) -> str:
        """A loop that takes packs, if there can be one; and the head of the loop for what it leaves."""
        found = packs_of(Launch("", Form.THREADS, [(index, extent)], body), FEWEST)
        if found is None:
            return ""
        emitter, width = PackEmitter(replace(found, flat=False)), found.width
        i, n, packed = index.name, self.text(extent), f"{index}_packs{self._packed or ''}"
        self._packed += 1
        self.line(depth, f"const bool {packed} = {emitter.condition()};")
        goes_on = f"{packed} && {i} + {width - 1} < {n}"
        self.line(depth, f"for (int64_t {i} = {width} * lane; {goes_on}; {i} += {width} * G) {{")
        self.lines += [INDENT * depth + line for line in emitter.pack(body)]
        self.line(depth, "}")
        whole = f"{text(extent, self._texts)} / {width} * {width}"
        return f"for (int64_t {i} = ({packed} ? {whole} : 0) + lane; {i} < {n}; {i} += G) {{"

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


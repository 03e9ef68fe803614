"""Statements of the loop IR in C: loops with what compilers need to know to vectorise them."""

from __future__ import annotations

from bitale_backend_c.emit.across import copy_lines, copy_of
from bitale_backend_c.emit.ctypes import C_TYPES
from bitale_backend_c.emit.expressions import is_strided, offset, text
from bitale_backend_c.emit.lanes import Lanes, in_lane, lane_lines, lanes_of
from bitale_backend_c.emit.reduction import BLOCK, Gathering, combine, gathered
from bitale_backend_c.emit.search import Search, noted_lines, search_lines, search_of, sought
from bitale_backend_c.emit.threads import Sharing, is_shared_part, sums_lines
from bitale_rewrite.loops.integers import product
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
from bitale_rewrite.loops.touched import buffers_in, statements

INDENT = "    "


class StatementEmitter:
    """Prints the statements of one kernel into `lines`. `shared` says how threads share it."""

    def __init__(self, scratch: list[Buffer], shared: Sharing | None = None) -> None:
        self.lines: list[str] = []
        self.scratch = scratch
        self.shared = shared
        self._texts: dict[Value, str] = {}
        self._declared: set[str] = set()
        self._complete: set[str] = set()  # what the loop at hand gathers alone, from its start to its end
        self._sought: dict[Name, Name] = {}  # searches in the statements at hand, and the extrema they look for
        self._wide: dict[str, str] = {}  # sums that gather in a wider type, and the names of their totals
        self._only_if_long: dict[str, str] = {}  # sums that need no total where one block is all: what to test for

    def body(self, body: list[Statement], depth: int, top: bool = False) -> None:
        """Statements that stand side by side. A sum that a loop among them gathers is complete after that loop."""
        bound = {s.name.name for s in body if isinstance(s, Let) and s.mutable}
        self._complete = bound
        self._sought = sought(body)
        for statement in body:
            self._statement(statement, depth, top)
            if isinstance(statement, For):
                if top and self.shared and self.shared.sums and statement is self.shared.loops[-1]:
                    self.lines.extend(sums_lines(self.shared.sums))
                for g in gathered(statements([statement])):
                    if g.name in bound and g.name in self._wide:
                        narrowed = f"{g.name} = ({C_TYPES[g.dtype]}){self._wide[g.name]};"
                        self._line(depth, self._only_if_long.get(g.name, "") + narrowed)

    def _line(self, depth: int, line: str) -> None:
        self.lines.append(INDENT * depth + line)

    def _text(self, value: Value) -> str:
        return unwrap(text(value, self._texts))

    def _statement(self, s: Statement, depth: int, top: bool) -> None:
        if isinstance(s, For):
            self._for(s, depth, top)
        elif isinstance(s, Let):
            self._let(s, depth)
        elif isinstance(s, Assign):
            self._line(depth, f"{s.target.name} = {self._text(s.value)};")
        elif isinstance(s, Store):
            self._line(depth, f"{self._place(s.buffer, s.index)} = {self._text(s.value)};")
        elif isinstance(s, Accumulate):
            self._accumulate(s, depth)
        elif isinstance(s, If):
            self._if(s, depth)
        else:
            self._fail(s, depth)

    def _let(self, s: Let, depth: int) -> None:
        constant, ctype = "" if s.mutable else "const ", C_TYPES[s.name.dtype]
        self._declared.add(s.name.name)
        self._line(depth, f"{constant}{ctype} {s.name.name} = {self._text(s.value)};")

    def _if(self, s: If, depth: int) -> None:
        self._line(depth, f"if ({self._text(s.condition)}) {{")
        self.body(s.body, depth + 1)
        if s.orelse:
            self._line(depth, "} else {")
            self.body(s.orelse, depth + 1)
        self._line(depth, "}")

    def _fail(self, s: Fail, depth: int) -> None:
        values = "".join(f" call->failure[{i}] = (int64_t)({self._text(v)});" for i, v in enumerate(s.values))
        self._line(depth, f"if ({self._text(s.condition)}) {{{values} return {s.code}; }}")

    def _place(self, buffer: Buffer, index: tuple[Value, ...]) -> str:
        return f"{buffer.name}[{offset(buffer, index, [text(i, self._texts) for i in index])}]"

    # ---- loops -------------------------------------------------------------------------------------------------------

    def _for(self, loop: For, depth: int, top: bool) -> None:
        if (copy := copy_of(loop)) is not None:
            for line in copy_lines(copy, self._texts):
                self._line(depth, line)
            return
        search = search_of(loop)
        if search is not None and search.target.name in self._complete:
            self._search(search, loop, depth)
            return
        innermost = not any(isinstance(s, (For, If)) for s in loop.body)
        divided = top and is_shared_part(loop, self.shared)
        if innermost and not (divided and loop.parallel):
            self._innermost(loop, depth, divided)
            return
        for g in gathered(statements([loop])):
            self._widen(g, depth)
        if divided:
            self._divide(loop, "for simd" if innermost else "for")
        i = loop.index.name
        self._line(depth, f"for (int64_t {i} = 0; {i} < {self._text(loop.extent)}; {i}++) {{")
        if top:
            self._rows(loop, depth + 1, divided)
        self.body(loop.body, depth + 1)
        self._line(depth, "}")

    def _divide(self, loop: For, kind: str) -> None:
        """The threads of a team take a part of the next loop each; those that are done wait, unless it is the last."""
        assert self.shared is not None
        self._line(0, f"#pragma omp {kind}{' nowait' if loop is self.shared.loops[-1] else ''}")

    def _innermost(self, loop: For, depth: int, divided: bool) -> None:
        """A loop without loops inside: vectorised, its sums in blocks, its extrema with a flag for NaN."""
        found = gathered(loop.body)
        for g in found:
            self._widen(g, depth)
            if g.has_nan:
                self._line(depth, f"int32_t {g.name}_nan = {g.name} != {g.name};")
        i, extent, sums = loop.index.name, self._text(loop.extent), [g for g in found if g.name in self._wide]
        blocked = bool(sums) and not (isinstance(loop.extent, Literal) and loop.extent.number <= BLOCK)
        if any(g.target in self._sought.values() for g in found):
            self._noted(loop, found, extent, depth)
        elif not blocked:
            self._run(loop, found, sums, ("0", extent), depth)
        else:
            first, last = f"{i}_block", f"{i}_end"
            if divided:
                self._divide(loop, "for")
            elif not isinstance(loop.extent, Literal):
                alone = [g.name for g in sums if g.name in self._complete]
                self._only_if_long |= dict.fromkeys(alone, f"if ({extent} > {BLOCK}) ")
            self._line(depth, f"for (int64_t {first} = 0; {first} < {extent}; {first} += {BLOCK}) {{")
            until = f"{first} + {BLOCK} < {extent} ? {first} + {BLOCK} : {extent}"
            self._line(depth + 1, f"const int64_t {last} = {until};")
            self._run(loop, found, sums, (first, last), depth + 1)
            self._line(depth, "}")
        for g in found:
            if g.has_nan:
                self._line(depth, f"if ({g.name}_nan) {g.name} = NAN;")

    def _run(self, loop: For, found: list[Gathering], sums: list[Gathering], span: tuple[str, str], depth: int) -> None:
        """A span of the iterations of an innermost loop."""
        for g in sums:
            self._line(depth, f"{g.name} = 0;")
        if (lanes := lanes_of(loop, found)) is not None:
            self._lanes(lanes, loop, found, span, depth)
            self._line(depth, "} else {")
            self._plain(loop, found, span, depth + 1)
            self._line(depth, "}")
        else:
            self._plain(loop, found, span, depth)
        for g in sums:
            self._line(depth, f"{self._only_if_long.get(g.name, '')}{self._wide[g.name]} += {g.name};")

    def _plain(self, loop: For, found: list[Gathering], span: tuple[str, str], depth: int) -> None:
        first, last = span
        clause = simd_clause(loop, found)
        if clause is not None:
            self._line(0, f"#pragma omp simd{clause}")
        i = loop.index.name
        self._line(depth, f"for (int64_t {i} = {first}; {i} < {last}; {i}++) {{")
        for statement in loop.body:
            self._gather(statement, found, depth + 1)
        self._line(depth, "}")

    def _lanes(self, lanes: Lanes, loop: For, found: list[Gathering], span: tuple[str, str], depth: int) -> None:
        """A loop whose results gather in lanes."""
        inner = StatementEmitter([])
        body, within = in_lane(loop.body, found)
        for statement in body:
            inner._gather(statement, within, 0)
        for line in lane_lines(lanes, found, loop.index.name, span, inner.lines):
            self._line(0 if line.startswith("#") else depth, line)

    def _noted(self, loop: For, found: list[Gathering], extent: str, depth: int) -> None:
        """A loop that finds an extremum whose place is sought later."""
        inner, i = StatementEmitter([]), loop.index.name
        inner._run(loop, found, [], (f"{i}_block", f"{i}_end"), 0)
        for line in noted_lines(found[0], i, extent, inner.lines):
            self._line(0 if line.startswith("#") else depth, line)

    def _search(self, search: Search, loop: For, depth: int) -> None:
        """The first index at which a condition holds."""
        inner = StatementEmitter([])
        inner.body(loop.body[:-1], 0)
        condition, extent = self._text(search.condition), text(loop.extent, self._texts)
        start = f"{self._sought[search.target].name}_at" if search.target in self._sought else "0"
        for line in search_lines(search, loop.index.name, extent, condition, inner.lines, start):
            self._line(0 if line.startswith("#") else depth, line)

    def _widen(self, g: Gathering, depth: int) -> None:
        """Give a sum a total of a wider type, before the outermost loop that adds to it."""
        if g.wide_type and g.name in self._declared and g.name not in self._wide:
            self._wide[g.name] = f"{g.name}_total"
            self._line(depth, f"{g.wide_type} {g.name}_total = {g.name};")

    def _gather(self, s: Statement, found: list[Gathering], depth: int) -> None:
        """A statement of an innermost loop, where gathering scalars have their special forms."""
        g = next((g for g in found if isinstance(s, Accumulate) and s.target == g.target), None)
        if g is None or not isinstance(s, Accumulate):
            self._statement(s, depth, False)
        elif g.has_nan:
            value, compare = f"{g.name}_next", ">" if s.function.name == "maximum" else "<"
            self._line(depth, f"const {C_TYPES[g.dtype]} {value} = {self._text(s.value)};")
            self._line(depth, f"{g.name} = {value} {compare} {g.name} ? {value} : {g.name};")
            self._line(depth, f"{g.name}_nan |= {value} != {value};")
        else:
            self._line(depth, combine(s.function, g.dtype, g.name, self._text(s.value)))

    def _accumulate(self, s: Accumulate, depth: int) -> None:
        place = s.target.name if isinstance(s.target, Name) else self._place(s.target.buffer, s.target.index)
        self._line(depth, combine(s.function, s.value.dtype, self._wide.get(place, place), self._text(s.value)))

    def _rows(self, loop: For, depth: int, threaded: bool) -> None:
        """This thread's rows of the scratch that a loop uses."""
        used = {b for s in statements(loop.body) for b in buffers_in(s)}
        for row in (row for row in self.scratch if row in used):
            size = self._text(product(row.shape))
            where = " + bitale_thread()*" + (size if size.isidentifier() else f"({size})") if threaded else ""
            name = f"{row.name}_row" if is_strided(row) else row.name  # of a tile, this is where it may lie
            self._line(depth, f"{C_TYPES[row.dtype]} *restrict {name} = {row.name}_all{where};")


def simd_clause(loop: For, found: list[Gathering]) -> str | None:
    """What an innermost loop may reorder, as clauses of `omp simd`; None when it must run in order."""
    clauses: dict[str, list[str]] = {}
    for g in found:
        if g.symbol is None:
            return None
        clauses.setdefault(g.symbol, []).append(g.name)
        if g.has_nan:
            clauses.setdefault("|", []).append(f"{g.name}_nan")
    for s in loop.body:
        if isinstance(s, (Assign, Fail)):
            return None
        if isinstance(s, Accumulate) and isinstance(s.target, Load) and not _own_element(s.target, loop.index):
            return None
    if not loop.parallel and not clauses and not any(isinstance(s, Accumulate) for s in loop.body):
        return None
    return "".join(f" reduction({symbol}:{', '.join(names)})" for symbol, names in clauses.items())


def _own_element(target: Load, index: Name) -> bool:
    """Whether each iteration writes an element of its own: the loop's index stands alone in one place."""
    return index in target.index


def unwrap(expression: str) -> str:
    """Without the outer pair of parentheses, where it is one pair."""
    if not (expression.startswith("(") and expression.endswith(")")):
        return expression
    level = 0
    for position, character in enumerate(expression):
        level += (character == "(") - (character == ")")
        if level == 0:
            return expression[1:-1] if position == len(expression) - 1 else expression
    return expression

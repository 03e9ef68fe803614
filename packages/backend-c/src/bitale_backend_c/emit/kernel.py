"""One kernel as a static C function."""

from __future__ import annotations

from dataclasses import dataclass, field

from bitale_backend_c.emit.ctypes import C_TYPES
from bitale_backend_c.emit.expressions import is_strided, offset, text
from bitale_backend_c.emit.reduction import OMP_OPERATORS, combine
from bitale_rewrite.loops.ir import (
    Accumulate, Assign, Buffer, Call, Fail, For, If, Kernel, Let, Load, Name, Statement, Store, Value,
)
from bitale_rewrite.loops.plan import statements, values_of
from bitale_rewrite.loops.values import parts

INDENT = "    "


@dataclass
class Parameters:
    """What a kernel takes: buffers it reads and writes, and sizes."""

    buffers: list[Buffer] = field(default_factory=list)
    written: set[Buffer] = field(default_factory=set)
    names: list[Name] = field(default_factory=list)


def parameters(kernel: Kernel) -> Parameters:
    """The free buffers and names of a kernel, in order of appearance."""
    found, bound = Parameters(), set()
    buffers: dict[Buffer, None] = {}
    names: dict[Name, None] = {}

    def visit(value: Value) -> None:
        stack, seen = [value], set()
        while stack:
            top = stack.pop()
            if top in seen:
                continue
            seen.add(top)
            if isinstance(top, Name):
                names.setdefault(top)
            elif isinstance(top, Load):
                touch(top.buffer)
            stack.extend(reversed(parts(top)))

    def touch(buffer: Buffer) -> None:
        if buffer not in buffers:
            buffers[buffer] = None
            if not is_strided(buffer):
                for n in buffer.shape[1:]:
                    visit(n)

    for statement in statements(kernel.body):
        for value in values_of(statement):
            visit(value)
        if isinstance(statement, Store):
            touch(statement.buffer)
            found.written.add(statement.buffer)
        elif isinstance(statement, Accumulate) and isinstance(statement.target, Load):
            found.written.add(statement.target.buffer)
        elif isinstance(statement, Let):
            bound.add(statement.name)
        elif isinstance(statement, For):
            bound.add(statement.index)
    found.buffers = list(buffers)
    found.names = [name for name in names if name not in bound]
    return found


class KernelEmitter:
    """Prints the statements of one kernel."""

    def __init__(self, kernel: Kernel, aliased: dict[Buffer, Buffer]) -> None:
        self.kernel = kernel
        self.aliased = aliased  # results that live in an input's memory
        self.parameters = parameters(kernel)
        self.lines: list[str] = []
        self.done: dict[Value, str] = {}

    def emit(self) -> list[str]:
        """The lines of the function."""
        self.lines = [f"/* {line} */" for line in self._notes()]
        self.lines.append(f"BITALE_INLINE {'int32_t' if self.fails else 'void'} {self.kernel.name}({self._signature()}) {{")
        self._body(self.kernel.body, 1, top=True)
        if self.fails:
            self.lines.append(f"{INDENT}return 0;")
        self.lines.append("}")
        return self.lines

    @property
    def fails(self) -> bool:
        return any(isinstance(s, Fail) for s in statements(self.kernel.body))

    def _notes(self) -> list[str]:
        return [line.replace("*/", "* /").replace("\n", " ") for line in self.kernel.note]

    def _signature(self) -> str:
        found: list[str] = ["bitale_call *call"] if self.fails else []
        shared = set(self.aliased) | set(self.aliased.values())
        for buffer in self.parameters.buffers:
            constant = "" if buffer in self.parameters.written else "const "
            restrict = "" if buffer in shared else "restrict "
            found.append(f"{constant}{C_TYPES[buffer.dtype]} *{restrict}{_base_name(buffer)}")
            if is_strided(buffer):
                found.extend(f"int64_t {buffer.name}_s{axis}" for axis in range(len(buffer.shape)))
        found.extend(f"int64_t {name.name}" for name in self.parameters.names)
        return ", ".join([*found, "int32_t threads"])

    # ---- statements ------------------------------------------------------------------------------------------------

    def _body(self, body: list[Statement], depth: int, top: bool = False) -> None:
        for statement in body:
            self._statement(statement, depth, top)

    def _line(self, depth: int, line: str) -> None:
        self.lines.append(INDENT * depth + line)

    def _text(self, value: Value) -> str:
        return _unwrap(text(value, self.done))

    def _statement(self, s: Statement, depth: int, top: bool) -> None:
        if isinstance(s, For):
            self._for(s, depth, top)
        elif isinstance(s, Let):
            constant = "" if s.mutable else "const "
            self._line(depth, f"{constant}{C_TYPES[s.name.dtype]} {s.name.name} = {self._text(s.value)};")
        elif isinstance(s, Assign):
            self._line(depth, f"{s.target.name} = {self._text(s.value)};")
        elif isinstance(s, Store):
            self._line(depth, f"{self._place(s.buffer, s.index)} = {self._text(s.value)};")
        elif isinstance(s, Accumulate):
            place = s.target.name if isinstance(s.target, Name) else self._place(s.target.buffer, s.target.index)
            self._line(depth, combine(s.function, s.value.dtype, place, text(s.value, self.done)))
        elif isinstance(s, If):
            self._line(depth, f"if ({self._text(s.condition)}) {{")
            self._body(s.body, depth + 1)
            if s.orelse:
                self._line(depth, "} else {")
                self._body(s.orelse, depth + 1)
            self._line(depth, "}")
        else:
            values = "".join(f" call->failure[{i}] = (int64_t)({text(v, self.done)});" for i, v in enumerate(s.values))
            self._line(depth, f"if ({self._text(s.condition)}) {{{values} return {s.code}; }}")

    def _place(self, buffer: Buffer, index: tuple[Value, ...]) -> str:
        return f"{buffer.name}[{offset(buffer, index, [text(i, self.done) for i in index])}]"

    def _for(self, loop: For, depth: int, top: bool) -> None:
        innermost = not any(isinstance(s, For) for s in loop.body)
        threaded = top and loop.parallel
        nans = self._reductions(loop, depth) if innermost else []
        if threaded:
            kind = "parallel for simd" if innermost else "parallel for"
            self._line(0, f"#pragma omp {kind} num_threads(threads) if(parallel: threads > 1)")
        elif innermost and not nans:
            clause = self._simd_clause(loop)
            if clause is not None:
                self._line(0, f"#pragma omp simd{clause}")
        i = loop.index.name
        self._line(depth, f"for (int64_t {i} = 0; {i} < {text(loop.extent, self.done)}; {i}++) {{")
        if top:
            self._scratch(depth + 1, threaded)
        self._body(loop.body, depth + 1)
        self._line(depth, "}")

    def _reductions(self, loop: For, depth: int) -> list[str]:
        return []

    def _simd_clause(self, loop: For) -> str | None:
        """The reductions of an innermost loop; None when the compiler must not reorder it."""
        groups: dict[str, list[str]] = {}
        for s in loop.body:
            if isinstance(s, Accumulate):
                if isinstance(s.target, Load):
                    if s.target.index and loop.index in _names(s.target.index[-1]):
                        continue
                    return None
                symbol = OMP_OPERATORS.get(s.function.name)
                if symbol is None or s.value.dtype in ("float16", "complex64", "complex128"):
                    return None
                groups.setdefault(symbol, []).append(s.target.name)
            elif isinstance(s, (Assign, If, Fail)):
                return None
        if not loop.parallel and not groups:
            return None
        return "".join(f" reduction({symbol}:{', '.join(dict.fromkeys(names))})" for symbol, names in groups.items())

    def _scratch(self, depth: int, threaded: bool) -> None:
        for row in self.kernel.scratch:
            size = text(_elements(row))
            where = " + (int64_t)bitale_thread()*" + (size if size.isidentifier() else f"({size})") if threaded else ""
            self._line(depth, f"{C_TYPES[row.dtype]} *restrict {row.name} = {_base_name(row)}{where};")


def _elements(buffer: Buffer) -> Value:
    from bitale_rewrite.loops.integers import product

    return product(buffer.shape)


def _base_name(buffer: Buffer) -> str:
    """Rows of scratch are named within the loop; the block of all threads' rows has another name."""
    return f"{buffer.name}_all" if buffer.kind == "scratch" else buffer.name


def _names(value: Value) -> set[Name]:
    stack, found = [value], set()
    while stack:
        top = stack.pop()
        if isinstance(top, Name):
            found.add(top)
        stack.extend(parts(top))
    return found


def _unwrap(expression: str) -> str:
    """Without the outer pair of parentheses, where it is one pair."""
    if not (expression.startswith("(") and expression.endswith(")")):
        return expression
    level = 0
    for position, character in enumerate(expression):
        level += (character == "(") - (character == ")")
        if level == 0:
            return expression[1:-1] if position == len(expression) - 1 else expression
    return expression



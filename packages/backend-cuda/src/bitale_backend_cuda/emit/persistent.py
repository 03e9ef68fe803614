"""The kernel of a small loop or branch as CUDA text: its steps in order, a barrier after each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from bitale_backend_c.emit.expressions import is_strided, text
from bitale_backend_cuda.emit.kernel import LaunchEmitter
from bitale_backend_cuda.emit.statements import INDENT
from bitale_backend_cuda.emit.types import TYPES, in_cuda
from bitale_backend_cuda.groups import BLOCK, WARP
from bitale_backend_cuda.guards import Flag
from bitale_backend_cuda.launch import Form, is_single
from bitale_backend_cuda.persistent import Persistent
from bitale_rewrite.loops.integers import product
from bitale_rewrite.loops.ir import Buffer, Carry, Choose, Define, Load, Loop, Name, Require, Step, Value
from bitale_rewrite.loops.values import everything_in, transform


@dataclass(eq=False)
class PersistentEmitter:
    """Prints the kernel of a loop or branch. A loop that may end early begins at a step, stops before another, and
    leaves in `state` how many it took: n, or -1 - n if there are more. `checked`: it ends once a check has failed."""

    kernel: Persistent
    name: str
    checked: bool
    flag: Flag | None = None
    is_counted: bool = False  # whether somebody wants to know how many steps there were
    most: Value | None = None  # how many there can be, if the host knows
    buffers: list[Buffer] = field(init=False)  # what the kernel is given
    names: list[Name] = field(init=False)

    def __post_init__(self) -> None:
        self.buffers, self.names = self.kernel.given, self.kernel.names
        self.alone = self.kernel.by_one_thread
        self._numbers = 0

    @property
    def threads(self) -> int:
        """How many threads do it."""
        return 1 if self.alone else BLOCK

    @property
    def may_end(self) -> bool:
        """Whether it is a loop that may end before its last step."""
        return isinstance(self.kernel.step, Loop) and self.kernel.step.going is not None

    @cached_property
    def _used(self) -> set[Name]:
        """The counts of steps that something reads."""
        counts = {self.kernel.step.count} if isinstance(self.kernel.step, Loop) else set()
        return {name for name in (*counts, *self.kernel.names_read) if name is not None}

    # ---- text --------------------------------------------------------------------------------------------------------

    def functions(self) -> dict[str, list[str]]:
        """A function for each launch."""
        return {f"{each.launch.name}{self._suffix}": self._function(each) for each in self.kernel.all}

    def _function(self, each: LaunchEmitter) -> list[str]:
        return replace(each, own_rows=self.kernel.rows_apart is not None).function(self._suffix)

    @property
    def _suffix(self) -> str:
        return "_row_step" if self.kernel.rows_apart is not None else "_step"

    def lines(self) -> list[str]:
        """The kernel, which calls them."""
        signature = [*(["int64_t *status"] if self.checked else []), *(["const int64_t *off"] if self.flag else [])]
        for buffer in self.buffers:
            signature.append(f"{TYPES[buffer.dtype]} *{self._place(buffer)}")
            if is_strided(buffer):
                signature += [f"int64_t {buffer.name}_s{axis}" for axis in range(len(buffer.shape))]
        signature += [f"{TYPES[b.dtype]} *{b.name}_home" for b in (*self.kernel.carried, *self.kernel.rows)]
        signature += [f"{TYPES[b.dtype]} *{b.name}_start" for b in self.kernel.rows]
        signature += [f"int64_t {name.name}" for name in self.names]
        signature += ["int64_t rows_each"] if self.kernel.rows_apart is not None else []
        if self.may_end:
            signature += ["int64_t *state", "int64_t begin", "int64_t end"]
        bounds = f"__launch_bounds__({self.threads})"
        head = f'extern "C" __global__ void {bounds} {self.name}({", ".join(signature)}) {{'
        return [head, *(INDENT + in_cuda(line) for line in self._body()), "}", ""]

    def _body(self) -> list[str]:
        step, lines = self.kernel.step, ["if (*status) return;"] if self.checked else []
        lines += ["if (*off) return;"] if self.flag else []
        if self.kernel.rows_apart is not None:
            lines.append("const int64_t first_row = (int64_t)blockIdx.x * rows_each;")
            lines += self._bind("const int64_t rows", self.kernel.rows_apart)
            lines.append("const int64_t end_row = first_row + rows_each < rows ? first_row + rows_each : rows;")
        shared = "" if self.alone else "__shared__ "
        for b in (*self.kernel.private, *self.kernel.carried):
            lines.append(f"{shared}{TYPES[b.dtype]} {b.name}[{max(product(b.shape).number, 1)}];")  # type: ignore[attr-defined]
        lines += [self._by_first(f"{b.name}[0] = {b.name}_home[0];") for b in self.kernel.carried]
        lines += self._barrier() if self.kernel.carried else []
        if isinstance(step, Choose):
            return [*lines, *self._choose(step)]
        lines += self._loop(step, "begin" if self.may_end else "0", ["end"] if self.may_end else [])
        return [*lines, *self._home(step)]

    def _steps(self, steps: Sequence[Step]) -> list[str]:
        lines: list[str] = []
        for step in steps:
            if step in self.kernel.launches:
                for launch in self.kernel.launches[step]:
                    lines += [self._call(launch), *self._barrier()]
            elif isinstance(step, Define):
                lines += self._bind(f"const int64_t {step.name.name}", step.value)
            elif isinstance(step, Choose):
                lines += self._choose(step)
            elif isinstance(step, Loop):
                lines += self._loop(step, "0", [])
            else:
                assert isinstance(step, Require), "the host has checked it"
        return lines

    def _choose(self, step: Choose) -> list[str]:
        self._numbers += 1
        taken = f"taken_{self._numbers}_step"
        lines = self._bind(f"const bool {taken}", step.condition)
        lines += [f"if ({taken}) {{", *_indented(self._steps(step.then))]
        if step.otherwise:
            lines += ["} else {", *_indented(self._steps(step.otherwise))]
        return [*lines, "}"]

    def _loop(self, step: Loop, begin: str, ends: list[str]) -> list[str]:
        """The steps of a loop. All threads learn at the same time that it has ended."""
        index, lines = step.index.name, list[str]()
        for carry in step.carries:
            for b in (carry.current, carry.next):
                if b.kind == "moving" and b.of is not None:
                    start = f"{b.name}_start" if b in self.kernel.rows else self._place(b.of)
                    lines.append(f"{_pointer(b)} = {start};")
        upto = f"{index}_upto"
        lines += self._bind(f"const int64_t {upto}", step.extent)
        condition = [f"{index} < {each}" for each in (upto, *ends)]
        count = step.count if step.count in self._used else None
        if count is not None:
            lines.append(f"int64_t {count.name} = {begin};")
        stops = [f"{self._text(Load(step.going, ()))}"] if step.going else []
        stops += ["!*status"] if self.checked else []
        if stops:
            lines.append(f"bool {index}_more = true;")
            condition.append(f"{index}_more")
        lines.append(f"for (int64_t {index} = {begin}; {' && '.join(condition)}; {index}++) {{")
        body = [f"{_pointer(row)} = {self._place(row.of)} + {self._at(row)};" for row in step.rows if row.of]
        body += self._steps(step.body)
        body += [self._hand_on(carry) for carry in step.carries]
        body += [f"{index}_more = {' && '.join(stops)};"] if stops else []
        body += [f"{count.name} = {index} + 1;"] if count is not None else []
        return [*lines, *_indented([*body, *self._barrier()]), "}"]

    def _home(self, step: Loop) -> list[str]:
        """What the outer loop hands on is left where the host finds it, whatever the number of steps."""
        lines = [self._by_first(f"{b.name}_home[0] = {b.name}[0];") for b in self.kernel.carried]
        for carry in step.carries:
            b, size = carry.current, self._text(product(carry.current.shape))
            if b.kind == "moving" and b.of is not None:
                home = f"{b.name}_home" if b in self.kernel.rows else self._place(b.of)
                first, width = ("0", "1") if self.alone else ("threadIdx.x", str(BLOCK))
                if self.kernel.rows_apart is not None:
                    row = self._text(product(b.shape[1:]))
                    first, size = f"first_row * ({row}) + {first}", f"end_row * ({row})"
                lines.append(f"if ({b.name} != {home})")
                loop = f"for (int64_t element = {first}; element < {size}; element += {width})"
                lines.append(f"{INDENT}{loop} {home}[element] = {b.name}[element];")
        if self.may_end:
            assert step.count is not None
            taken, more = step.count.name, f"{step.index.name}_more && {step.count.name} < {step.index.name}_upto"
            lines.append(self._by_first(f"*state = {more} ? -1 - {taken} : {taken};"))
        return lines

    def _hand_on(self, carry: Carry) -> str:
        current, new = carry.current.name, carry.next.name
        if carry.current.kind != "moving":
            return self._by_first(f"{current}[0] = {new}[0];")
        if carry.next.kind == "row":
            return f"{current} = {new};"
        ctype = TYPES[carry.current.dtype]
        return f"{{ {ctype} *const {current}_before = {current}; {current} = {new}; {new} = {current}_before; }}"

    # ---- pieces ------------------------------------------------------------------------------------------------------

    def _call(self, emitter: LaunchEmitter) -> str:
        given = ["status"] if self.checked else []
        for buffer in emitter.parameters.buffers:
            given.append(self._place(buffer))
            if is_strided(buffer):
                given += [f"{buffer.name}_s{axis}" for axis in range(len(buffer.shape))]
        given += [name.name for name in emitter.parameters.names]
        lanes = f"<{WARP}>" if emitter.launch.spread and emitter.launch.form is Form.GROUPS else ""
        given += ["first_row", "end_row"] if self.kernel.rows_apart is not None else []
        call = f"{emitter.launch.name}{self._suffix}{lanes}({', '.join(given)});"
        return self._by_first(call) if is_single(emitter.launch) else call

    def _place(self, buffer: Buffer) -> str:
        """Where an array lies: a view has no pointer of its own."""
        return f"{buffer.name}_all" if buffer.kind == "scratch" else buffer.root.name

    def _at(self, row: Buffer) -> str:
        assert row.at is not None
        return f"({self._text(row.at)}) * ({self._text(product(row.shape))})"

    def _bind(self, declared: str, value: Value) -> list[str]:
        """What all threads know before any of them changes what it is read from."""
        reads = any(isinstance(v, Load) for v in everything_in([value]))
        return [f"{declared} = {self._text(value)};", *(self._barrier() if reads else [])]

    def _text(self, value: Value) -> str:
        def seen(v: Value) -> Value:
            if not isinstance(v, Load) or v.buffer.base is None:
                return v
            root = v.buffer.root
            return Load(Buffer(root.name, v.dtype, v.buffer.shape, root.kind), v.index)

        return text(transform(value, seen, {}))

    def _by_first(self, line: str) -> str:
        return line if self.alone else f"if (threadIdx.x == 0) {line}"

    def _barrier(self) -> list[str]:
        return [] if self.alone else ["__syncthreads();"]


def _pointer(buffer: Buffer) -> str:
    return f"{TYPES[buffer.dtype]} *{buffer.name}"


def _indented(lines: Sequence[str]) -> list[str]:
    return [INDENT + line for line in lines]

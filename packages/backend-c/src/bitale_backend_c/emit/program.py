"""A Program in C: kernels, then the entry point that runs the steps."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bitale_backend_c.emit.ctypes import C_TYPES
from bitale_backend_c.emit.expressions import brings_strides, is_strided, strides, text
from bitale_backend_c.emit.fft import fft_call
from bitale_backend_c.emit.functions import KernelFunctions
from bitale_backend_c.emit.gemm import gemm_call
from bitale_backend_c.emit.helpers import WORD
from bitale_backend_c.emit.kernel import base_name
from bitale_backend_c.emit.names import comment
from bitale_backend_c.emit.routines import library_call, library_room
from bitale_graph.routine import Transform
from bitale_rewrite.loops.blocks import is_early, late_names, nbytes, sized_inside
from bitale_rewrite.loops.integers import multiply, product
from bitale_rewrite.loops.ir import (
    Buffer,
    Carry,
    Define,
    For,
    Gemm,
    Invoke,
    Kernel,
    LibraryCall,
    Literal,
    Loop,
    Name,
    Program,
    Require,
    Run,
    Step,
    Value,
)
from bitale_rewrite.loops.touched import all_steps, buffers_of, inside, statements

if TYPE_CHECKING:
    from bitale_backend_c.emit.source import ProcedureEmitter

ROOM = 64  # elements for which there is room at first, where a loop makes more as it goes on
HUGE = 64  # kernels from which compilers would take longer over the entry point than over all it calls
ON_STACK = 2048  # bytes up to which a temporary of known size is a local array


class ProgramEmitter:
    """Prints one program: `lines` are its kernels and its entry point. `procedures` are those that it may invoke."""

    once = True  # whether it runs once, and may ask for memory

    def __init__(
        self, program: Program, procedures: Mapping[Program, ProcedureEmitter], entry: str, linkage: str
    ) -> None:
        self.program = program
        self.procedures = procedures
        self.alias = {program.outputs[out]: program.inputs[source] for out, source in program.donated.items()}
        self.kernels = [step.kernel for step in all_steps(program.steps) if isinstance(step, Run)]
        linkage = f"{linkage} BITALE_PLAIN" if len(self.kernels) > HUGE else linkage
        self.entry = entry
        self.head = f"{linkage} int32_t {entry}".lstrip()
        bodies = [all_steps(step.body) for step in all_steps(program.steps) if isinstance(step, Loop)]
        repeated = {step.kernel for body in bodies for step in body if isinstance(step, Run)}
        self.functions = KernelFunctions(self.kernels, self.alias, repeated, self.once)
        self.ready: set[Buffer] = set(program.inputs)
        self.body: list[str] = []
        self.loops = 0  # around the present step
        self.roomy: dict[str, str] = {}  # memory that is asked for on the way, and the lines that declare it
        self._entry()
        self.lines = [*self.functions.lines, *self.body]

    # ---- the entry point -----------------------------------------------------------------------------------------

    def _put(self, line: str, depth: int = 1) -> None:
        self.body.append("    " * depth + line)

    def _entry(self) -> None:
        for size in self.program.sizes:
            self._step(size, 1)
        self._workspace()
        sums = max((len(each.shared.sums) for each in self.functions.emitter.values() if each.shared), default=0)
        if sums:
            self._put(f"long double totals[{sums} * BITALE_TEAM];")
        for step in self.program.steps:
            self._step(step, 1)
        for output in self.program.outputs:  # results that no step writes, such as those without elements
            self._allocate(output, 1)
        used = set(WORD.findall("\n".join(self.body)))
        declared = [f"    {line}" for name, line in self._declarations() if name in used]
        declared += [f"    {line}" for line in self.roomy.values()]
        parameters = ", ".join(["bitale_call *call", *self._parameters(used)])
        self.body = [f"{self.head}({parameters}) {{", *declared, *self.body, "    return 0;", "}"]

    def _parameters(self, used: Container[str]) -> Iterator[str]:
        """What the function takes besides the call."""
        yield from ()

    def _declarations(self) -> Iterator[tuple[str, str]]:
        """What the function may use of its argument: a name, and the line that declares it."""
        yield "threads", "const int32_t threads = call->threads;"
        for buffer in self.program.inputs:
            name, given = buffer.name, f"call->inputs[{buffer.slot}]"
            constant = "" if buffer in self.alias.values() else "const "
            yield name, f"{constant}{C_TYPES[buffer.dtype]} *{name} = {given}.data;{_comment(buffer)}"
            for axis, n in enumerate(self.program.lengths[buffer.slot]):
                if isinstance(n, Name):
                    yield n.name, f"const int64_t {n.name} = {given}.shape[{axis}];"
            if is_strided(buffer):
                size = np.dtype(buffer.dtype).itemsize
                for axis in range(len(buffer.shape)):
                    yield f"{name}_s{axis}", f"const int64_t {name}_s{axis} = {given}.strides[{axis}] / {size};"

    # ---- memory ----------------------------------------------------------------------------------------------------

    def _workspace(self) -> None:
        """One block for every temporary and row of scratch whose size is known at the start."""
        late, slots = late_names(self.program), list(enumerate(self.program.slots))
        early = [(f"slot_{i}", n) for i, n in slots if is_early(n, late) and not _on_stack(n)]
        scratch = {row: _of_all_threads(row) for k in self.kernels for row in k.scratch}
        rows = {row: n for row, n in scratch.items() if is_early(n, late)}
        self.ready.update(rows)
        early += [(base_name(row), n) for row, n in rows.items()]
        if early:
            self._block(" + ".join(f"bitale_lines({text(n)})" for _, n in early))
        for name, n in early:
            row = next((r for r in rows if base_name(r) == name), None)
            ctype = C_TYPES[row.dtype] if row else "char"
            self._put(f"{ctype} *{name} = ({ctype} *)workspace; workspace += bitale_lines({text(n)});")
        self.early_slots = {name for name, _ in early}
        for i, n in enumerate(self.program.slots):
            if _on_stack(n):
                self._put(f"char slot_{i}[{max(n.number, 1)}] BITALE_ALIGNED;")  # type: ignore[attr-defined]
                self.early_slots.add(f"slot_{i}")

    def _block(self, total: str) -> None:
        self._put(f"char *workspace = call->workspace(call, {total});")
        self._put("if (!workspace) return -1;")

    def _allocate(self, buffer: Buffer, depth: int) -> None:
        """Make sure a buffer has memory before the step that writes it."""
        root = buffer.root
        if root not in self.ready:
            self.ready.add(root)
            if root.kind == "output":
                self._output(root, depth)
            elif root.kind == "temporary":
                self._temporary(root, depth)
            elif root.kind == "scratch":
                self._scratch(root, depth)
        if buffer is not root and buffer not in self.ready:
            self.ready.add(buffer)
            self._put(f"{self._pointer(buffer)}{buffer.name} = {root.name};", depth)

    def _pointer(self, buffer: Buffer) -> str:
        constant = any(b.kind == "input" and b not in self.alias.values() for b in buffer.owners)
        return f"{'const ' if constant else ''}{C_TYPES[buffer.dtype]} *"

    def _output(self, buffer: Buffer, depth: int) -> None:
        ctype = C_TYPES[buffer.dtype]
        if buffer in self.alias:
            self._put(f"{ctype} *{buffer.name} = {self.alias[buffer].name};  /* written in place */", depth)
            return
        lengths = ", ".join(text(n) for n in buffer.shape) or "0"
        self._put(f"const int64_t {buffer.name}_shape[] = {{{lengths}}};", depth)
        allocated = f"call->allocate(call, {buffer.slot}, {buffer.name}_shape)"
        self._put(f"{ctype} *{buffer.name} = {allocated};{_comment(buffer)}", depth)
        self._put(f"if (!{buffer.name}) return -1;", depth)

    def _temporary(self, buffer: Buffer, depth: int) -> None:
        """Arrays lie in the workspace. Single elements are local, and compilers keep them in registers."""
        ctype = C_TYPES[buffer.dtype]
        if buffer not in self.program.placement:
            self._put(f"{ctype} {buffer.name}[1];{_comment(buffer)}", depth)
            return
        slot = f"slot_{self.program.placement[buffer]}"
        if slot not in self.early_slots:
            self._found_now(slot, "char", text(nbytes(buffer)), depth)
            if not self.loops:
                self.early_slots.add(slot)
        self._put(f"{ctype} *{buffer.name} = ({ctype} *){slot};{_comment(buffer)}", depth)

    def _scratch(self, row: Buffer, depth: int) -> None:
        """Rows of scratch whose length is known only now."""
        self._found_now(base_name(row), C_TYPES[row.dtype], text(_of_all_threads(row)), depth)

    def _found_now(self, name: str, ctype: str, need: str, depth: int) -> None:
        """Memory of which only now is known how much there must be."""
        if self.loops:
            self._make_room(name, ctype, need, depth)
            return
        self._put(f"{ctype} *{name} = call->workspace(call, {need});", depth)
        self._put(f"if (!{name}) return -1;", depth)

    def _make_room(self, name: str, ctype: str, need: str, depth: int, used: str = "0", further: str = "") -> None:
        """Memory in a loop: that of an iteration before, or longer memory, to which what is `used` is copied."""
        self.roomy[name] = f"{ctype} *{name} = 0; int64_t {name}_room = 0;"
        longer = f"bitale_longer(call, {name}, &{name}_room, {used}, {further or f'{need} + {name}_room'})"
        self._put(f"if ({need} > {name}_room && !({name} = {longer})) return -1;", depth)

    # ---- steps -----------------------------------------------------------------------------------------------------

    def _steps(self, steps: list[Step], depth: int) -> None:
        """Steps in a block of their own: what it declares is known only there."""
        ready, slots = set(self.ready), set(self.early_slots)
        for step in steps:
            self._step(step, depth)
        self.ready, self.early_slots = ready, slots

    def _step(self, step: Step, depth: int) -> None:
        touched = list(dict.fromkeys(buffers_of(step)))
        later = set(sized_inside(step, touched))
        for buffer in touched:
            if buffer.kind in ("row", "moving") if buffer.base is None else inside(step):
                continue  # found where it is used
            if buffer not in later:
                self._allocate(buffer, depth)
        if isinstance(step, Run):
            self._run(step.kernel, depth)
        elif isinstance(step, Gemm):
            self._put(gemm_call(step), depth)
        elif isinstance(step, LibraryCall) and isinstance(step.op, Transform):
            self._put(f"{fft_call(step)}{_remark(step.note)}", depth)
        elif isinstance(step, LibraryCall):
            self._library(step, depth)
        elif isinstance(step, Define):
            self._put(f"const int64_t {step.name.name} = {text(step.value)};", depth)
        elif isinstance(step, Require):
            values = "".join(f" call->failure[{i}] = (int64_t)({text(v)});" for i, v in enumerate(step.values))
            self._put(f"if (!({text(step.condition)})) {{{values} return {step.code}; }}", depth)
        elif isinstance(step, Loop):
            self._loop(step, depth)
        elif isinstance(step, Invoke):
            self._invoke(step, depth)
        else:
            self._put(f"if ({text(step.condition)}) {{", depth)
            self._steps(step.then, depth + 1)
            self._put("} else {", depth)
            self._steps(step.otherwise, depth + 1)
            self._put("}", depth)

    def _loop(self, step: Loop, depth: int) -> None:
        moving = [b for carry in step.carries for b in (carry.current, carry.next) if b.kind == "moving"]
        for buffer in (*step.rows, *moving):
            assert buffer.of is not None
            if buffer.of.base is not None:  # a view of what is around the loop
                self._allocate(buffer.of, depth)
        for buffer in moving:
            assert buffer.of is not None
            self._put(f"{self._pointer(buffer)}{buffer.name} = {buffer.of.name};", depth)
        if step.count is not None:
            self._put(f"int64_t {step.count.name} = 0;", depth)
        index = step.index.name
        self._put(f"for (int64_t {index} = 0; {index} < {text(step.extent)}; {index}++) {{{_remark(step.note)}", depth)
        self.loops += 1
        for buffer in step.growing:
            size = text(nbytes(replace(buffer, shape=buffer.shape[1:])))
            room = f"({index} + 1) * {size}", f"{index} * {size}", f"(2 * {index} + {ROOM}) * {size}"
            self._make_room(buffer.name, C_TYPES[buffer.dtype], room[0], depth + 1, *room[1:])
        for row in step.rows:
            self._put(f"{self._pointer(row)}{row.name} = {_place_of(row)};", depth + 1)
        self._steps(step.body, depth + 1)
        self.loops -= 1
        for carry in step.carries:
            self._hand_on(carry, depth + 1)
        self._put(f"if (({index} & {_pause(step)}) == {_pause(step)} && bitale_stop(call)) return -4;", depth + 1)
        if step.count is not None:
            self._put(f"{step.count.name} = {index} + 1;", depth + 1)
        if step.going is not None:
            self._put(f"if (!{step.going.name}[0]) break;", depth + 1)
        self._put("}", depth)

    def _hand_on(self, carry: Carry, depth: int) -> None:
        current, new = carry.current.name, carry.next.name
        if carry.current.kind != "moving":
            self._put(f"{current}[0] = {new}[0];", depth)
        elif carry.next.kind == "row":
            self._put(f"{current} = {new};", depth)
        else:
            ctype = C_TYPES[carry.current.dtype]
            self._put(f"{{ {ctype} *const old = {current}; {current} = {new}; {new} = old; }}", depth)

    def _invoke(self, step: Invoke, depth: int) -> None:
        procedure = self.procedures[step.program]
        arguments = ", ".join(["call", *procedure.arguments(step)])
        self._put("{", depth)
        self._put(f"const int32_t failed = {procedure.entry}({arguments});", depth + 1)
        self._put("if (failed) return failed;", depth + 1)
        self._put("}", depth)

    def _library(self, step: LibraryCall, depth: int) -> None:
        need, room = library_room(step), None
        if need is not None:
            room = f"{step.outputs[0].name}_room"
            self._found_now(room, "char", need, depth)
        self._put(f"{library_call(step, room)}{_remark(step.note)}", depth)

    def _run(self, kernel: Kernel, depth: int) -> None:
        """Call a kernel in the form that suits its inputs: with contiguous rows, as the compiler then knows, or of any
        strides, or in tiles."""
        strided = [b for b in self.functions.emitter[kernel].parameters.buffers if brings_strides(b) and b.shape]
        tiled = self.functions.tiled.get(kernel)
        forms = [(" && ".join(f"{b.name}_s{len(b.shape) - 1} == 1" for b in strided), kernel, True)] if strided else []
        if tiled is not None:
            forms.insert(0 if tiled.across else 1, (tiled.condition, tiled.kernel, False))
        for number, (condition, form, rows) in enumerate(forms):
            self._put(f"{'} else ' if number else ''}if ({condition}) {{", depth)
            for row in tiled.scratch if tiled is not None and form is tiled.kernel else []:
                self._scratch(row, depth + 1)
            self._call(form, self._arguments(form, rows), depth + 1)
        if forms:
            self._put("} else {", depth)
        self._call(kernel, self._arguments(kernel, rows=False), depth + bool(forms))
        if forms:
            self._put("}", depth)

    def _call(self, kernel: Kernel, arguments: str, depth: int) -> None:
        emitter, name = self.functions.emitter[kernel], self.functions.name[kernel]
        if emitter.fails:
            self._put("{", depth)
            self._put(f"const int32_t failed = {name}(call, {arguments});", depth + 1)
            self._put("if (failed) return failed;", depth + 1)
            self._put("}", depth)
        else:
            call = f"{name}({arguments})"
            self._put(f"BITALE_SHARE({emitter.shared.work}, {call});" if emitter.shared else f"{call};", depth)

    def _arguments(self, kernel: Kernel, rows: bool) -> str:
        emitter = self.functions.emitter[kernel]
        arguments: list[str] = []
        for buffer in emitter.parameters.buffers:
            arguments.append(base_name(buffer))
            if brings_strides(buffer):
                given = strides(buffer)
                arguments.extend([*given[:-1], "1"] if rows and given else given)
        totals = ["totals"] if emitter.shared and emitter.shared.sums else []
        names = [name.name for name in emitter.parameters.names]
        return ", ".join([*arguments, *names, *totals, *self.functions.places.get(kernel, ())])


def _comment(buffer: Buffer) -> str:
    shape = f"[{', '.join(text(n) for n in buffer.shape)}]" if buffer.shape else ""
    return _remark(f"{buffer.dtype}{shape} {buffer.note}".rstrip())


def _pause(step: Loop) -> int:
    """A loop is asked to stop after so many steps: rarely if its steps are a few operations."""
    kernels = [s.kernel for s in step.body if isinstance(s, Run)]
    inside_loops = any(isinstance(s, For) for kernel in kernels for s in statements(kernel.body))
    return 0xF if inside_loops or any(not isinstance(s, Run) for s in step.body) else 0xFFFF


def _of_all_threads(row: Buffer) -> Value:
    return multiply(nbytes(row), Name("threads"))


def _place_of(row: Buffer) -> str:
    """Where an element of an array of arrays starts."""
    assert row.of is not None and row.at is not None
    return f"{row.of.name} + {text(multiply(row.at, product(row.shape)))}"


def _remark(note: str) -> str:
    return f"  {comment(note)}" if note else ""


def _on_stack(n: object) -> bool:
    return isinstance(n, Literal) and n.number <= ON_STACK

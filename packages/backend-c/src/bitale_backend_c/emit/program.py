"""A whole Program as one C file: kernels, then the entry point that runs the steps."""

from __future__ import annotations

import numpy as np

from bitale_backend_c.emit.ctypes import C_TYPES
from bitale_backend_c.emit.expressions import is_strided, text
from bitale_backend_c.emit.gemm import gemm_call
from bitale_backend_c.emit.kernel import KernelEmitter, base_name, parameters
from bitale_backend_c.emit.preamble import preamble
from bitale_rewrite.loops.integers import multiply, product
from bitale_rewrite.loops.ir import Buffer, Define, Gemm, Kernel, Literal, Name, Program, Require, Run, Step
from bitale_rewrite.loops.plan import all_steps, buffers_of, nbytes, written_by
from bitale_rewrite.loops.values import parts

ENTRY = "bitale_run"
ON_STACK = 2048  # bytes up to which a temporary of known size is a local array


def emit(program: Program, entry: str = ENTRY) -> str:
    """The C source of `program`: plain C99, all kernels static, one entry point named `entry`."""
    return "\n".join(ProgramEmitter(program, entry).lines()) + "\n"


class ProgramEmitter:
    """Prints one program."""

    def __init__(self, program: Program, entry: str) -> None:
        self.program = program
        self.entry = entry
        self.alias = {program.outputs[out]: program.inputs[source] for out, source in program.donated.items()}
        self.kernels = [step.kernel for step in all_steps(program.steps) if isinstance(step, Run)]
        self.ready: set[Buffer] = set()
        self.body: list[str] = []

    def lines(self) -> list[str]:
        functions: list[str] = []
        for kernel in self.kernels:
            functions += [*KernelEmitter(kernel, self.alias).emit(), ""]
        self._entry()
        source = [*functions, *self.body]
        return [*preamble(self.program.name, source), *source]

    # ---- the entry point -----------------------------------------------------------------------------------------

    def _put(self, line: str, depth: int = 1) -> None:
        self.body.append("    " * depth + line)

    def _entry(self) -> None:
        self._put(f"int32_t {self.entry}(bitale_call *call) {{", 0)
        self._put("const int32_t threads = call->threads;")
        for buffer in self.program.inputs:
            self._input(buffer)
        for size in self.program.sizes:
            self._step(size, 1)
        self._workspace()
        for step in self.program.steps:
            self._step(step, 1)
        for output in self.program.outputs:  # results that no step writes, such as those without elements
            self._allocate(output, 1)
        self._put("return 0;")
        self._put("}", 0)

    def _input(self, buffer: Buffer) -> None:
        """The data pointer, lengths and strides of one input."""
        ctype, slot = C_TYPES[buffer.dtype], buffer.slot
        donated = buffer in self.alias.values()
        constant = "" if donated else "const "
        self._put(f"{constant}{ctype} *{buffer.name} = call->inputs[{slot}].data;{_comment(buffer)}")
        for axis, n in enumerate(self.program.lengths[slot]):
            if isinstance(n, Name):
                self._put(f"const int64_t {n.name} = call->inputs[{slot}].shape[{axis}];")
        if is_strided(buffer):
            size = np.dtype(buffer.dtype).itemsize
            for axis in range(len(buffer.shape)):
                self._put(f"const int64_t {buffer.name}_s{axis} = call->inputs[{slot}].strides[{axis}] / {size};")
        self.ready.add(buffer)

    # ---- memory ----------------------------------------------------------------------------------------------------

    def _workspace(self) -> None:
        """One block for every temporary and row of scratch whose size is known at the start."""
        early = [(f"slot_{i}", n) for i, n in enumerate(self.program.slots) if self._is_early(n) and not _on_stack(n)]
        rows = {row: multiply(nbytes(row), Name("threads")) for k in self.kernels for row in k.scratch}
        early += [(base_name(row), n) for row, n in rows.items()]
        if early:
            total = " + ".join(f"bitale_lines({text(n)})" for _, n in early)
            self._put(f"char *workspace = call->workspace(call, {total});")
            self._put("if (!workspace) return -1;")
        for name, n in early:
            row = next((r for r in rows if base_name(r) == name), None)
            ctype = C_TYPES[row.dtype] if row else "char"
            self._put(f"{ctype} *{name} = ({ctype} *)workspace; workspace += bitale_lines({text(n)});")
        self.early_slots = {name for name, _ in early}
        for i, n in enumerate(self.program.slots):
            if _on_stack(n):
                self._put(f"char slot_{i}[{max(n.number, 1)}] __attribute__((aligned(64)));")  # type: ignore[attr-defined]
                self.early_slots.add(f"slot_{i}")

    def _is_early(self, n: object) -> bool:
        """Whether a size depends on lengths of inputs only."""
        stack, late = [n], {step.name for step in all_steps(self.program.steps) if isinstance(step, Define)}
        while stack:
            value = stack.pop()
            if value in late or type(value).__name__ == "Load":
                return False
            stack.extend(parts(value))  # type: ignore[arg-type]
        return True

    def _allocate(self, buffer: Buffer, depth: int) -> None:
        """Make sure a buffer has memory before the step that writes it."""
        root = buffer.root
        if root not in self.ready:
            self.ready.add(root)
            if root.kind == "output":
                self._output(root)
            elif root.kind == "temporary":
                self._temporary(root)
        if buffer is not root and buffer not in self.ready:
            self.ready.add(buffer)
            self._put(f"{self._pointer(buffer)}{buffer.name} = {root.name};")

    def _pointer(self, buffer: Buffer) -> str:
        return f"{'const ' if buffer.root.kind == 'input' else ''}{C_TYPES[buffer.dtype]} *"

    def _output(self, buffer: Buffer) -> None:
        ctype = C_TYPES[buffer.dtype]
        if buffer in self.alias:
            self._put(f"{ctype} *{buffer.name} = {self.alias[buffer].name};  /* written in place */")
            return
        lengths = ", ".join(text(n) for n in buffer.shape) or "0"
        self._put(f"const int64_t {buffer.name}_shape[] = {{{lengths}}};")
        allocated = f"call->allocate(call, {buffer.slot}, {buffer.name}_shape)"
        self._put(f"{ctype} *{buffer.name} = {allocated};{_comment(buffer)}")
        self._put(f"if (!{buffer.name}) return -1;")

    def _temporary(self, buffer: Buffer) -> None:
        slot = f"slot_{self.program.placement[buffer]}"
        if slot not in self.early_slots:
            self.early_slots.add(slot)
            self._put(f"char *{slot} = call->workspace(call, {text(nbytes(buffer))});")
            self._put(f"if (!{slot}) return -1;")
        self._put(f"{C_TYPES[buffer.dtype]} *{buffer.name} = ({C_TYPES[buffer.dtype]} *){slot};{_comment(buffer)}")

    # ---- steps -----------------------------------------------------------------------------------------------------

    def _step(self, step: Step, depth: int) -> None:
        for buffer in dict.fromkeys(buffers_of(step)):
            if buffer.kind != "scratch":
                self._allocate(buffer, depth)
        if isinstance(step, Run):
            self._run(step.kernel, depth)
        elif isinstance(step, Gemm):
            self._put(gemm_call(step), depth)
        elif isinstance(step, Define):
            self._put(f"const int64_t {step.name.name} = {text(step.value)};", depth)
        elif isinstance(step, Require):
            values = "".join(f" call->failure[{i}] = (int64_t)({text(v)});" for i, v in enumerate(step.values))
            self._put(f"if (!({text(step.condition)})) {{{values} return {step.code}; }}", depth)
        else:
            for part in (*step.then, *step.otherwise):
                for buffer in written_by(part):
                    self._allocate(buffer, depth)
            self._put(f"if ({text(step.condition)}) {{", depth)
            for part in step.then:
                self._step(part, depth + 1)
            self._put("} else {", depth)
            for part in step.otherwise:
                self._step(part, depth + 1)
            self._put("}", depth)

    def _run(self, kernel: Kernel, depth: int) -> None:
        """Call a kernel; where its inputs are row-major, with strides that the compiler then knows."""
        found = parameters(kernel)
        strided = [b for b in found.buffers if is_strided(b) and b.shape]
        general = self._arguments(kernel, dense=False)
        if not strided:
            return self._call(kernel, general, depth)
        dense = " && ".join(self._is_dense(b) for b in strided)
        self._put(f"if ({dense}) {{", depth)
        self._call(kernel, self._arguments(kernel, dense=True), depth + 1)
        self._put("} else {", depth)
        self._call(kernel, general, depth + 1)
        self._put("}", depth)
        return None

    def _call(self, kernel: Kernel, arguments: str, depth: int) -> None:
        emitter = KernelEmitter(kernel, self.alias)
        if emitter.fails:
            self._put("{", depth)
            self._put(f"const int32_t failed = {kernel.name}(call, {arguments});", depth + 1)
            self._put("if (failed) return failed;", depth + 1)
            self._put("}", depth)
        else:
            self._put(f"{kernel.name}({arguments});", depth)

    def _arguments(self, kernel: Kernel, dense: bool) -> str:
        found = parameters(kernel)
        arguments: list[str] = []
        for buffer in found.buffers:
            arguments.append(base_name(buffer))
            if is_strided(buffer):
                dense_strides = _dense_strides(buffer)
                arguments.extend(dense_strides if dense else [f"{buffer.name}_s{a}" for a in range(len(buffer.shape))])
        return ", ".join([*arguments, *(name.name for name in found.names), "threads"])

    def _is_dense(self, buffer: Buffer) -> str:
        strides = _dense_strides(buffer)
        return " && ".join(f"{buffer.name}_s{axis} == {stride}" for axis, stride in enumerate(strides))


def _dense_strides(buffer: Buffer) -> list[str]:
    return [text(product(buffer.shape[axis + 1 :])) for axis in range(len(buffer.shape))]


def _comment(buffer: Buffer) -> str:
    shape = f"[{', '.join(text(n) for n in buffer.shape)}]" if buffer.shape else ""
    comment = f"{buffer.dtype}{shape} {buffer.note}".replace("*/", "* /").replace("\n", " ").rstrip()
    return f"  /* {comment} */"


def _on_stack(n: object) -> bool:
    return isinstance(n, Literal) and n.number <= ON_STACK

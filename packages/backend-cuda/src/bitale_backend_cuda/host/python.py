"""The host's function in Python: it gets a `call` (see call.py), and no step is looked at again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from textwrap import indent
from typing import Any

import numpy as np

from bitale_backend_cuda.fft import FourierTransform
from bitale_backend_cuda.host.expressions import python
from bitale_backend_cuda.host.statements import (
    Ask,
    Break,
    Check,
    Copy,
    Donated,
    Finished,
    ForRange,
    Grow,
    Guard,
    HostStatement,
    If,
    Input,
    Launch,
    Library,
    Memory,
    OnHost,
    Read,
    Result,
    Set,
    Solve,
    Status,
    Swap,
    Transforms,
    Workspace,
)
from bitale_backend_cuda.product import Product
from bitale_backend_cuda.solver import SolverCall
from bitale_graph.dtypes import real_dtype
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_graph.reference.elementwise import FORMULAS
from bitale_rewrite.loops.integers import ONE
from bitale_rewrite.loops.ir import Call, Gemm, Require, Value
from bitale_rewrite.loops.touched import written_directly

INDENT = "    "


def python_text(statements: Sequence[HostStatement]) -> str:
    """The source of `run(call)`."""
    return f"def run(call):\n{_block(statements)}\n"


def host_function(source: str, name: str) -> Callable[..., None]:
    """The function that a source defines."""
    space: dict[str, Any] = {"apply": apply, "inf": np.inf, "nan": np.nan}
    space |= {kind.__name__: kind for kind in (Product, FourierTransform, SolverCall)}
    exec(compile(source, f"<{name} on the host>", "exec"), space)
    run: Callable[..., None] = space["run"]
    return run


def apply(name: str, dtype: str, *typed: Any) -> Any:
    """An elementwise function of Python numbers with the dtypes that stand before them."""
    operands = [np.asarray(number).astype(kind)[()] for kind, number in zip(typed[::2], typed[1::2], strict=True)]
    return np.asarray(FORMULAS[FUNCTIONS[name]](*operands)).astype(dtype).item()


def _block(statements: Sequence[HostStatement]) -> str:
    lines = [TEXTS[type(statement)](statement) for statement in statements]
    return indent("\n".join(lines or ["pass"]), INDENT)


def _if(statement: If) -> str:
    otherwise = f"\nelse:\n{_block(statement.otherwise)}" if statement.otherwise else ""
    return f"if {python(statement.condition)}:\n{_block(statement.then)}{otherwise}"


def _input(given: Input) -> str:
    slot = given.buffer.slot
    lines = [f"{given.buffer.name} = call.address({slot})"]
    lines += [f"{length} = call.length({slot}, {axis})" for axis, length in given.lengths]
    lines += [f"{stride} = call.stride({slot}, {axis})" for axis, stride in enumerate(given.strides)]
    return "\n".join(lines)


def _require(check: Require) -> str:
    failing = python(Call(FUNCTIONS["logical_not"], (check.condition,), "bool"))
    return f"if {failing}: call.fail({', '.join([str(check.code), *map(python, check.values)])})"


def _launch(launch: Launch) -> str:
    kernel = repr(launch.kernels[0])
    if launch.condition is not None:
        kernel = f"{kernel} if {python(launch.condition)} else {launch.kernels[1]!r}"
    return f"call.launch({kernel}, {_listed((launch.grid, launch.block))}, {_tuple(launch.arguments)})"


def _gemm(step: Gemm) -> str:
    alpha, beta = map(python, (step.alpha, step.beta))
    left, right, out = (buffer.name for buffer in (step.left, step.right, step.out))
    return f"call.gemm({_product(step)}, {alpha}, {left}, {right}, {beta}, {out})"


def _finished(statement: Finished) -> str:
    step = statement.step
    assert step.epilogue is not None
    bias = step.epilogue.bias.name if step.epilogue.bias is not None else 0
    given = f"{_product(step)}, {step.left.name}, {step.right.name}, {step.out.name}, {bias}"
    return f"if not call.finished({given}):\n{_block(statement.otherwise)}"


def _product(step: Gemm) -> str:
    words = [repr(step.out.dtype), _listed((step.m, step.n, step.k))]
    if step.batch != ONE:
        words.append(f"batch={python(step.batch)}")
    for word, flags in (("transposed", step.transposed), ("shared", step.shared)):
        if any(flags):
            words.append(f"{word}={flags}")
    if step.tf32:
        words.append("tf32=True")
    if step.epilogue is not None:
        words += ["bias=True"] if step.epilogue.bias is not None else []
        words += ["relu=True"] if step.epilogue.relu else []
    return f"Product({', '.join(words)}, note={step.note!r})"


def _on_host(step: OnHost) -> str:
    arrays = "".join(f"{_tuple(pair)}, " for pair in step.arrays)
    return f"call.on_host({step.step.name!r}, ({arrays}), {_tuple(step.lengths)})"


def _transforms(transforms: Transforms) -> str:
    op, (x,), (y,) = transforms.step.op, transforms.step.inputs, transforms.step.outputs
    words = [repr(op.name), repr(real_dtype(x.dtype)), _listed((transforms.n, transforms.rows))]
    return f"call.fft(FourierTransform({', '.join(words)}, note={transforms.step.note!r}), {x.name}, {y.name})"


def _solve(solve: Solve) -> str:
    step, op = solve.step, solve.step.op
    places = ", ".join(buffer.name for buffer in (*step.inputs, step.outputs[-1]))
    words = f"{op.routine!r}, {step.inputs[0].dtype!r}, {_tuple(solve.sizes)}, {op.flags!r}, {step.note!r}"
    return f"call.solve(SolverCall({words}), {places})"


def _library(library: Library) -> str:
    pairs = zip(library.step.inputs, library.shapes, strict=True)
    given = "".join(f"({buffer.name}, {buffer.dtype!r}, {_tuple(shape)}), " for buffer, shape in pairs)
    places = "".join(f"{buffer.name}, " for buffer in written_directly(library.step))
    return f"call.library({library.number}, ({given}), ({places}), {_tuple(library.sizes)})"


def _listed(values: Iterable[Value]) -> str:
    return ", ".join(map(python, values))


def _tuple(values: Sequence[Value]) -> str:
    return f"({_listed(values)},)" if len(values) == 1 else f"({_listed(values)})"


TEXTS: dict[type, Callable[[Any], str]] = {
    Set: lambda s: f"{s.name} = {python(s.value)}",
    Swap: lambda s: f"{s.a}, {s.b} = {s.b}, {s.a}",
    Ask: lambda s: f"{s.name} = call.{s.question}({_listed(s.operands)})",
    Read: lambda s: f"{s.name} = call.read({python(s.address)}, {s.name.dtype!r})",
    If: _if,
    ForRange: lambda s: f"for {s.index} in range({python(s.extent)}):\n{_block(s.body)}",
    Break: lambda s: "break",
    Check: lambda s: "call.check()",
    Guard: lambda s: f"call.guard({', '.join(buffer.name for buffer in s.buffers)})",
    Require: _require,
    Status: lambda s: f"{s.name} = call.status()",
    Input: _input,
    Workspace: lambda s: f"{_listed(s.names)}, = call.workspace({_listed(s.sizes)})",
    Memory: lambda s: f"{s.name} = call.memory({s.name.name!r}, {python(s.nbytes)})",
    Grow: lambda s: f"{s.name}, {s.room} = call.grow({s.name}, {_listed((s.used, s.nbytes))})",
    Result: lambda s: f"{s.name} = call.allocate({s.slot}, {_tuple(s.shape)})",
    Donated: lambda s: f"{s.name} = call.donated({s.slot}, {s.source})",
    Copy: lambda s: f"call.copy({_listed((s.target, s.source, s.nbytes))})",
    Launch: _launch,
    Gemm: _gemm,
    Finished: _finished,
    OnHost: _on_host,
    Transforms: _transforms,
    Solve: _solve,
    Library: _library,
}

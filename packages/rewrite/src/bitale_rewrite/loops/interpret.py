"""interpret(program, arrays): what a Program means, run scalar by scalar in Python. Lowering is tested with it."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from bitale_graph.ops.elementwise import Function
from bitale_graph.reference.elementwise import FORMULAS
from bitale_rewrite.loops.blocks import sized_inside
from bitale_rewrite.loops.ir import (
    Accumulate,
    Assign,
    Buffer,
    Call,
    Choose,
    Define,
    Fail,
    For,
    Gemm,
    If,
    Invoke,
    Kernel,
    Let,
    LibraryCall,
    Literal,
    Load,
    Loop,
    Name,
    Program,
    Require,
    Run,
    Statement,
    Step,
    Store,
    Value,
)
from bitale_rewrite.loops.routines import run_on_host
from bitale_rewrite.loops.touched import buffers_of, written_directly
from bitale_rewrite.loops.values import fold

POISON = 0xFF  # what fresh memory holds: NaN in floats, -1 in integers


def interpret(program: Program, arrays: Sequence[np.ndarray], backwards: bool = False) -> list[np.ndarray]:
    """The outputs of `program` for one array per input of its graph.

    Memory is laid out as the plan says, and starts as garbage; no array of the caller's is changed. `backwards` runs
    the loops that are said to be independent from their end. Raises the errors of the program's checks, and IndexError
    for an element outside its buffer, which is a fault in the program.
    """
    with np.errstate(all="ignore"):
        return Interpreter(program, arrays, backwards).run()


class Interpreter:
    """One run of a Program."""

    def __init__(self, program: Program, arrays: Sequence[np.ndarray], backwards: bool) -> None:
        self.program = program
        self.backwards = backwards
        self.names: dict[Name, Any] = {Name("threads"): np.int64(1)}
        self.memory: dict[Buffer, np.ndarray] = {}
        self._blocks: dict[int, np.ndarray] = {}
        self._orders: dict[Value, list[Value]] = {}
        for buffer, array in zip(program.inputs, [*arrays, *program.constants], strict=True):
            self._input(buffer, np.asarray(array))
        for size in program.sizes:
            self.names[size.name] = self._value(size.value)
        for out, source in program.donated.items():
            self.memory[program.outputs[out]] = self.memory[program.inputs[source]]

    def run(self) -> list[np.ndarray]:
        """Run every step; the outputs."""
        self._steps(self.program.steps)
        return [self._array(buffer) for buffer in self.program.outputs]

    # ---- memory -----------------------------------------------------------------------------------------------------

    def _input(self, buffer: Buffer, array: np.ndarray) -> None:
        if buffer.slot in self.program.donated.values():
            array = array.copy(order="C")
        elif buffer.slot in self.program.contiguous:
            array = np.asarray(array, order="C")
        self.memory[buffer] = array
        for name, n in zip(self.program.lengths[buffer.slot], array.shape, strict=True):
            if isinstance(name, Name):
                self.names[name] = np.int64(n)

    def _array(self, buffer: Buffer) -> np.ndarray:
        """The memory of `buffer`, made when it is first touched."""
        found = self.memory.get(buffer)
        if found is None:
            shape = tuple(int(self._value(n)) for n in buffer.shape)
            if buffer.base is not None:
                return self._array(buffer.root).reshape(-1)[: prod(shape)].reshape(shape)  # of what may move
            elif buffer in self.program.placement:
                found = self._in_block(self.program.placement[buffer], buffer.dtype, shape)
            else:
                found = _fresh(prod(shape) * np.dtype(buffer.dtype).itemsize).view(buffer.dtype).reshape(shape)
            self.memory[buffer] = found
        return found

    def _in_block(self, number: int, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
        if number not in self._blocks:
            self._blocks[number] = _fresh(int(self._value(self.program.slots[number])))
        nbytes = prod(shape) * np.dtype(dtype).itemsize
        return self._blocks[number][:nbytes].view(dtype).reshape(shape)

    def _place(self, buffer: Buffer, index: tuple[Any, ...]) -> tuple[np.ndarray, tuple[int, ...]]:
        array, place = self._array(buffer), tuple(map(int, index))
        if not all(0 <= i < n for i, n in zip(place, array.shape, strict=True)):
            raise IndexError(f"{buffer.name}: {place} lies outside {array.shape}")
        return array, place

    # ---- values -----------------------------------------------------------------------------------------------------

    def _value(self, value: Value) -> Any:
        """The scalar that `value` stands for now. Iterative: expressions may be any depth."""
        order = self._orders.get(value)
        if order is None:
            order = self._orders[value] = _parts_first(value)
        done: dict[Value, Any] = {}
        for each in order:
            if isinstance(each, Name):
                done[each] = self.names[each]
            elif isinstance(each, Literal):
                done[each] = np.dtype(each.dtype).type(each.number)
            elif isinstance(each, Load):
                array, place = self._place(each.buffer, tuple(done[i] for i in each.index))
                done[each] = array[place]
            else:
                assert isinstance(each, Call)
                done[each] = apply(each.function, [done[v] for v in each.operands], each.dtype)
        return done[value]

    def _fail(self, code: int, values: tuple[Value, ...]) -> None:
        raise self.program.failures[code - 1].exception([int(self._value(v)) for v in values])

    # ---- steps ------------------------------------------------------------------------------------------------------

    def _steps(self, steps: list[Step]) -> None:
        for step in steps:
            if isinstance(step, Define):
                self.names[step.name] = self._value(step.value)
            elif isinstance(step, Require):
                if not self._value(step.condition):
                    self._fail(step.code, step.values)
            elif isinstance(step, Run):
                self._run(step.kernel)
            elif isinstance(step, Gemm):
                self._gemm(step)
            elif isinstance(step, LibraryCall):
                self._library(step)
            elif isinstance(step, Loop):
                self._loop(step)
            elif isinstance(step, Invoke):
                self._invoke(step)
            else:
                assert isinstance(step, Choose)
                self._steps(step.then if self._value(step.condition) else step.otherwise)

    def _loop(self, step: Loop) -> None:
        moving = [b for carry in step.carries for b in (carry.current, carry.next) if b.kind == "moving"]
        self.memory.update((b, self._array(b.of)) for b in moving if b.of is not None)
        taken, forgotten = 0, sized_inside(step, (b for b in buffers_of(step) if b.kind == "temporary"))
        for i in range(int(self._value(step.extent))):
            self.names[step.index] = np.int64(i)
            self._forget(forgotten)
            self._grow(step.growing, i)
            self.memory.update((row, self._row(row)) for row in step.rows)
            self._steps(step.body)
            taken += 1
            for carry in step.carries:
                self._hand_on(carry.current, carry.next)
            if step.going is not None and not self._array(step.going):
                break
        if step.count is not None:
            self.names[step.count] = np.int64(taken)

    def _forget(self, buffers: Sequence[Buffer]) -> None:
        """Memory whose size may differ from iteration to iteration is found anew."""
        for buffer in buffers:
            self.memory.pop(buffer, None)
            self._blocks.pop(self.program.placement.get(buffer, -1), None)

    def _grow(self, buffers: Sequence[Buffer], used: int) -> None:
        for buffer in buffers:
            old, element = self.memory.get(buffer), [int(self._value(n)) for n in buffer.shape[1:]]
            if not used or old is None or used >= len(old):
                room = 2 * used + 1
                nbytes = room * prod(element) * np.dtype(buffer.dtype).itemsize
                self.memory[buffer] = _fresh(nbytes).view(buffer.dtype).reshape(room, *element)
                if used and old is not None:
                    self.memory[buffer][:used] = old[:used]

    def _row(self, row: Buffer) -> np.ndarray:
        assert row.of is not None and row.at is not None
        at = int(self._value(row.at))
        return self._array(row.of)[at : at + 1].reshape([int(self._value(n)) for n in row.shape])

    def _hand_on(self, current: Buffer, new: Buffer) -> None:
        if current.kind != "moving":
            self._array(current)[...] = self._array(new)
        else:
            self.memory[current], self.memory[new] = self._array(new), self._array(current)

    def _gemm(self, step: Gemm) -> None:
        m, n, k, batch = (int(self._value(v)) for v in (step.m, step.n, step.k, step.batch))
        left, right = (
            _matrices(self._array(buffer), 1 if shared else batch, rows, columns, transposed)
            for buffer, rows, columns, transposed, shared in zip(
                (step.left, step.right), (m, k), (k, n), step.transposed, step.shared, strict=True
            )
        )
        out, beta = self._array(step.out).reshape(batch, m, n), self._value(step.beta)
        out[...] = self._value(step.alpha) * (left @ right) + (beta * out if beta != 0 else beta)
        if step.epilogue is not None:
            self._run(step.epilogue.kernel)

    def _library(self, step: LibraryCall) -> None:
        """What the reference does; the check behind it makes the error."""
        results = run_on_host(step, [self._array(b) for b in step.inputs], [int(self._value(n)) for n in step.sizes])
        for buffer, value in zip(written_directly(step), results, strict=True):
            if value.shape == self._array(buffer).shape:
                self._array(buffer)[...] = value

    def _invoke(self, step: Invoke) -> None:
        inside = Interpreter(step.program, [self._array(b) for b in step.inputs], self.backwards)
        for buffer, value in zip(step.outputs, inside.run(), strict=True):
            self._array(buffer)[...] = value

    def _run(self, kernel: Kernel) -> None:
        for statement in kernel.body:
            if isinstance(statement, For) and statement.parallel:
                for i in self._iterations(statement):
                    for row in kernel.scratch:  # no iteration may see what another left there
                        self.memory.pop(row, None)
                    self.names[statement.index] = i
                    self._body(statement.body)
            else:
                self._statement(statement)
        for row in kernel.scratch:
            self.memory.pop(row, None)

    # ---- statements -------------------------------------------------------------------------------------------------

    def _body(self, body: list[Statement]) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, s: Statement) -> None:
        if isinstance(s, For):
            for i in self._iterations(s):
                self.names[s.index] = i
                self._body(s.body)
        elif isinstance(s, Let):
            self.names[s.name] = self._value(s.value)
        elif isinstance(s, Assign):
            self.names[s.target] = self._value(s.value)
        elif isinstance(s, Store):
            self._store(s.buffer, s.index, self._value(s.value))
        elif isinstance(s, Accumulate):
            value = apply(s.function, [self._value(s.target), self._value(s.value)], s.target.dtype)
            if isinstance(s.target, Name):
                self.names[s.target] = value
            else:
                self._store(s.target.buffer, s.target.index, value)
        elif isinstance(s, If):
            self._body(s.body if self._value(s.condition) else s.orelse)
        else:
            assert isinstance(s, Fail)
            if self._value(s.condition):
                self._fail(s.code, s.values)

    def _iterations(self, loop: For) -> list[np.int64]:
        indices = [np.int64(i) for i in range(int(self._value(loop.extent)))]
        return indices[::-1] if loop.parallel and self.backwards else indices

    def _store(self, buffer: Buffer, index: tuple[Value, ...], value: Any) -> None:
        array, place = self._place(buffer, tuple(self._value(i) for i in index))
        array[place] = value


def _matrices(array: np.ndarray, batch: int, rows: int, columns: int, transposed: bool) -> np.ndarray:
    if transposed:
        return array.reshape(batch, columns, rows).swapaxes(1, 2)
    return array.reshape(batch, rows, columns)


def apply(function: Function, operands: Sequence[Any], dtype: str) -> Any:
    """An elementwise function of NumPy scalars, as a scalar of `dtype`."""
    result = FORMULAS[function](*operands)
    return np.asarray(result).astype(dtype)[()]


def _fresh(nbytes: int) -> np.ndarray:
    return np.full(nbytes, POISON, "uint8")


def _parts_first(value: Value) -> list[Value]:
    """The values that `value` is made of, each once and after its own parts; itself last."""
    order: dict[Value, None] = {}
    fold(value, lambda top, _: None, order)
    return list(order)

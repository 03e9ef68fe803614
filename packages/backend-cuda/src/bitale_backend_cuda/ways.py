"""Which way each step of a program goes: by launches of its kernels, or in one that is a whole loop or branch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from bitale_backend_cuda.deferred import most, stored_numbers
from bitale_backend_cuda.emit.kernel import LaunchEmitter
from bitale_backend_cuda.emit.persistent import PersistentEmitter
from bitale_backend_cuda.guards import Flag, Guard, has_loads, of_branch, of_loop
from bitale_backend_cuda.launch import Launch
from bitale_backend_cuda.mapping import launches
from bitale_backend_cuda.persistent import names_used, persistent
from bitale_backend_cuda.recompute import without_rows
from bitale_rewrite.loops.integers import ONE, ZERO
from bitale_rewrite.loops.ir import Buffer, Choose, Gemm, Kernel, Loop, Program, Run, Step, Value
from bitale_rewrite.loops.touched import all_steps


class Ways:
    """The kernels of a program: `launches` of each, and those that are a whole loop or branch."""

    def __init__(
        self, program: Program, checked: bool, alias: Mapping[Buffer, Buffer], on_host: Collection[Kernel]
    ) -> None:
        self.program, self.checked, self.alias, self.on_host = program, checked, dict(alias), on_host
        self.persistent: dict[Step, PersistentEmitter] = {}
        self.launches: dict[Kernel, Sequence[LaunchEmitter]] = {}
        self.guards: dict[Step, Guard] = {}
        self._find(program.steps, None)

    def lines(self) -> list[str]:
        """The text of all kernels."""
        emitters = [each for several in self.launches.values() for emitter in several for each in emitter.all]
        lines = [line for emitter in emitters for line in emitter.lines()]
        functions: dict[str, list[str]] = {}
        for kernel in self.persistent.values():
            functions |= kernel.functions()
        lines += [line for function in functions.values() for line in function]
        return [*lines, *(line for kernel in self.persistent.values() for line in kernel.lines())]

    @property
    def names(self) -> list[str]:
        """What the kernels are called."""
        emitters = [each for several in self.launches.values() for emitter in several for each in emitter.all]
        return [*(n for emitter in emitters for n in emitter.names), *(k.name for k in self.persistent.values())]

    def _find(self, steps: Sequence[Step], flag: Flag | None) -> None:
        for step in steps:
            if isinstance(step, Run) and step.kernel not in self.on_host and step.kernel not in self.launches:
                self.launches[step.kernel] = self._emitters(step.kernel, False, flag)
            elif isinstance(step, Gemm) and step.epilogue is not None:
                self.launches[step.epilogue.kernel] = self._emitters(step.epilogue.kernel, False, flag)
            elif isinstance(step, (Loop, Choose)):
                kernel = self._as_one(step, flag)
                if kernel is not None:
                    self.persistent[step] = kernel
                if kernel is None or not kernel.kernel.always:
                    self._apart(step, flag)

    def _apart(self, step: Loop | Choose, flag: Flag | None) -> None:
        """The steps inside one by one, perhaps under flags of their own."""
        guard, number = None, len(self.guards) + 1
        if isinstance(step, Choose):
            guard = of_branch(step, number, flag, self._launches)
        elif step.going is not None:
            guard = of_loop(step, number, flag, self._launches, self.checked)
        if guard is not None:
            self.guards[step] = guard
            self.launches[guard.begin] = self._emitters(guard.begin, False, None)
        flags = [guard.flag(side) if guard and guard.ahead else flag for side in (ZERO, ONE)]
        if isinstance(step, Choose):
            self._find(step.then, flags[0])
            self._find(step.otherwise, flags[1])
            return
        self._find(step.body, flags[0])
        if guard is not None and guard.after is not None:
            self.launches[guard.after] = self._emitters(guard.after, False, flags[0], checked=False)

    def _launches(self, kernel: Kernel) -> Sequence[Launch] | None:
        return None if kernel in self.on_host else launches(kernel)

    def _as_one(self, step: Loop | Choose, flag: Flag | None) -> PersistentEmitter | None:
        if isinstance(step, Choose) and not has_loads([step.condition]):
            return None
        own = set(all_steps([step]))
        around = [other for other in self._every if other not in own]
        found = persistent(step, around, self.program, self._by_one_block)
        if found is None:
            return None
        name, taken = f"{found.all[-1].launch.name}_steps", {each.name for each in self.persistent.values()}
        name = name if name not in taken else f"{name}{len(taken)}"
        counted = isinstance(step, Loop) and step.count in names_used(around, self.program.outputs)
        steps = most(step.extent, self._stored) if isinstance(step, Loop) else None
        return PersistentEmitter(found, name, self.checked, flag, counted, steps)

    @cached_property
    def _stored(self) -> Mapping[Buffer, Value]:
        return stored_numbers(self.program)

    @cached_property
    def _every(self) -> list[Step]:
        return list(all_steps(self.program.steps))

    def _by_one_block(self, kernel: Kernel) -> Sequence[LaunchEmitter] | None:
        return None if kernel in self.on_host else self._emitters(kernel, True, None)

    def _emitters(
        self, kernel: Kernel, by_one_block: bool, flag: Flag | None, checked: bool = True
    ) -> Sequence[LaunchEmitter]:
        found = [without_rows(launch, self.alias) for launch in launches(kernel, by_one_block)]
        checked = checked and self.checked
        return [LaunchEmitter(launch, checked, self.alias, by_one_block, flag) for launch in found]

"""function(inputs, outputs): from symbolic variables to a callable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from inspect import Signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitale.config import config
from bitale.modes import mode_of, runner
from bitale.on_device import OnDevice, backend
from bitale.options import Options
from bitale.replace import Pairs
from bitale.shared import SharedVariable
from bitale.signature import signature
from bitale.specification import Specification, assemble, specify
from bitale_backend_c.arguments import Arguments
from bitale_backend_c.cache import SOURCE
from bitale_backend_c.compile import Compiled
from bitale_backend_c.export import Exported, export
from bitale_graph.errors import ArgumentError, BitaleError
from bitale_graph.graph import substitute
from bitale_graph.variable import Variable
from bitale_rewrite.explain import Explanation, explain

if TYPE_CHECKING:
    from bitale.plan import Plan


class Function:
    """A function of arrays. Call it with one array per input, by position or by name.

    What `function` returns behaves as this class; calls of it go straight to compiled code. `trust_input` is there
    for Theano's programs: arguments are always checked, which takes a few nanoseconds.
    """

    def __init__(self, specification: Specification, options: Options) -> None:
        self.specification = specification
        self.options = options
        self.trust_input = False
        self.arguments = Arguments(
            specification.inputs,
            specification.name,
            specification.defaults,
            {n for n in range(len(specification.names)) if specification.downcast.get(n, options.downcast)},
            specification.names,
            specification.strict,
        )
        self.runner, self._call = runner(specification, self.arguments, options)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        result = self._call(*arguments, **keywords)
        keys = self.specification.keys
        return result if keys is None else dict(zip(keys, result, strict=True))

    def __repr__(self) -> str:
        inputs = ", ".join(
            f"{name or '_'}: {v.type}" for name, v in zip(self.specification.names, self.inputs, strict=True)
        )
        outputs = ", ".join(str(v.type) for v in self.outputs) or "None"
        changed = ", ".join(target.name or "a shared variable" for target, _ in self.specification.updates)
        return f"<{self.name}({inputs}) -> {outputs}{f'; updates {changed}' if changed else ''}; mode {self.mode}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return make, (self.specification, self.options, self.trust_input)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self.copy(swap={v: deepcopy(v, memo) for v in self.shared})

    # ---- what it is made of --------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self.specification.name

    @property
    def mode(self) -> str:
        return self.options.mode

    @property
    def inputs(self) -> tuple[Variable, ...]:
        return self.specification.inputs

    @property
    def outputs(self) -> tuple[Variable, ...]:
        return self.specification.outputs

    @property
    def shared(self) -> tuple[SharedVariable, ...]:
        """The shared variables that the function reads or changes."""
        return self.specification.states

    def get_shared(self) -> list[SharedVariable]:
        """The shared variables that the function reads or changes, as Theano's functions give them."""
        return list(self.shared)

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def __signature__(self) -> Signature:
        return signature(self.specification)

    # ---- how it works --------------------------------------------------------------------------------------------

    @property
    def compiled(self) -> Any:
        """What a backend compiled. Raises BitaleError for a function that was not compiled."""
        found = self.runner.compiled if isinstance(self.runner, OnDevice) else self.runner
        if not hasattr(found, "source"):
            raise BitaleError(f"{self.name} was not compiled to C (its mode is {self.mode!r})")
        return found

    def source(self) -> str:
        """The generated C, or CUDA."""
        return str(self.compiled.source)

    @property
    def path(self) -> Path:
        """The file of the generated C, which lies in the cache beside the shared library made of it."""
        if not isinstance(self.runner, Compiled):
            raise BitaleError(f"{self.name} was not compiled to C (its mode is {self.mode!r})")
        return self.runner.path.with_name(SOURCE)

    def explain(self) -> Explanation:
        """Which rewriting rules made what of which expression; on a GPU also what runs on the host instead."""
        found = explain(self.specification.graph, preserves=self.options.preserves)
        return Explanation([*found, *self.runner.on_host()]) if isinstance(self.runner, OnDevice) else found

    def plan(self) -> Plan:
        """Buffers and steps, with bytes and operations as formulas of the inputs' lengths."""
        from bitale.plan import Plan

        return Plan.of(self.compiled.program)

    def export(self, folder: str | Path, name: str | None = None, mode: str | None = None) -> Exported:
        """Write the function as C that needs neither Python nor Bitale: `name.c`, `name.h` and `name.mk`.

        Shared variables become a struct, with their present values to start with. With mode="cuda", or in that mode, it
        is CUDA C++, `name.cu`: its function takes arrays on the device and a stream. No GPU is needed for that.

        Raises ExportError where C cannot have the name, where an update could change the shape of its shared variable,
        or where a step has no C++ form.
        """
        inside, chosen = self.specification, mode_of(mode or self.options.mode)
        cells = [[v.get_value(borrow=True)] for v in inside.states]
        how: dict[str, Any] = {"cells": cells, "updates": inside.targets}
        write: Callable[..., Exported] = export
        if chosen.startswith("cuda"):
            write, how["tf32"] = backend().export, self.options.tf32
        return write(inside.graph, name or self.name, folder, **how)

    # ---- copies --------------------------------------------------------------------------------------------------

    def copy(
        self,
        share_memory: bool = False,
        swap: Mapping[SharedVariable, SharedVariable] | None = None,
        delete_updates: bool = False,
        name: str | None = None,
    ) -> Any:
        """A function like this one, on the same shared variables but for those that `swap` replaces.

        `delete_updates` leaves the updates out. `share_memory` is there for Theano's programs: a call takes the memory
        for its intermediate results from a common pool. copy.deepcopy copies the shared variables, too.
        """
        old = self.specification
        swap = dict[Any, Any](swap or {})
        self._check_swap(swap)
        results = substitute(old.outputs if delete_updates else old.graph.outputs, swap)
        targets = [] if delete_updates else [swap.get(target, target) for target, _ in old.updates]
        graph, states, places = assemble(old.inputs, results, targets, name or old.name)
        specification = replace(old, graph=graph, states=states, targets=places)
        return make(specification, self.options, self.trust_input)

    def _check_swap(self, swap: Mapping[Any, Any]) -> None:
        for old, new in swap.items():
            if old not in self.shared:
                raise ArgumentError(f"copy: {self.name} has no shared variable {old!r} that could be swapped")
            if not isinstance(new, SharedVariable):
                raise ArgumentError(f"copy: {old} is swapped for a shared variable only, not {new!r}")


def make(specification: Specification, options: Options, trust_input: bool = False) -> Any:
    """The callable of a specification: the compiled code itself, where it can hand on what else is asked of it."""
    function = Function(specification, options)
    function.trust_input = trust_input
    call = function._call
    if specification.keys is None and isinstance(function.runner, Compiled) and hasattr(call, "details"):
        call.details = function
        return call
    return function


def function(
    inputs: Iterable[Any],
    outputs: Any = None,
    updates: Pairs = None,
    givens: Pairs = None,
    mode: str | None = None,
    on_unused_input: str | None = None,
    name: str | None = None,
    trust_input: bool = False,
    allow_input_downcast: bool | None = None,
    no_default_updates: bool | Iterable[SharedVariable] = False,
    accept_inplace: bool = False,
    rebuild_strict: bool = True,
    profile: Any = None,
) -> Any:
    """A callable that computes `outputs` from `inputs`: a Function.

    inputs: variables, or In(variable, name=, value=) with a name for keyword calls and a default.
    outputs: a variable (the call returns an array), a list, a tuple or a dict of them, or None.
    updates: pairs (shared variable, new value), all worked out from the old values and applied together.
    no_default_updates: shared variables that the function reads also get their default_update, such as the state of a
    random stream; True leaves these out, a list of shared variables those of the list.
    givens: pairs (variable, what stands in its place).
    mode: "c" compiles; "cuda" compiles for a GPU; "numpy" runs the reference; "compare" runs C and the reference, and
    compares; "nan_guard" (or "cuda_nan_guard") stops at the first NaN or infinity. `config.mode` unless given.
    on_unused_input: "raise", "warn" or "ignore". allow_input_downcast: convert arguments even where that rounds.
    accept_inplace, rebuild_strict, profile: there for Theano's programs. No op works in place, replacements always
    have the type of what they replace, and instead of a profile there is the function's plan(), with its costs.

    Raises MissingInputError, UnusedInputError, GraphError, DtypeError or ShapeError, which name the variables and the
    lines that made them.
    """
    if isinstance(inputs, Variable) or not isinstance(inputs, Iterable):
        raise ArgumentError("the inputs of a function are a list: write function([x], ...)")
    if name is not None and not isinstance(name, str):
        raise ArgumentError(f"the name of a function is a string, not {name!r}")
    mode = config.mode if mode is None else mode_of(mode)
    unused = on_unused_input or config.on_unused_input
    specification = specify(list(inputs), outputs, updates, givens, unused, name, no_default_updates)
    return make(specification, Options.current(mode, bool(allow_input_downcast)), trust_input)

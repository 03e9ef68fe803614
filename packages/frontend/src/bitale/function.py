"""function(inputs, outputs): from symbolic variables to a callable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bitale.config import config
from bitale.modes import MODES, Compared, Guarded, Interpreted, compiled
from bitale.plan import Plan
from bitale.shared import SharedVariable, shared
from bitale.specification import Pairs, Specification, specify
from bitale_backend_c.arguments import Arguments
from bitale_backend_c.compile import Compiled
from bitale_graph.errors import ArgumentError, BitaleError
from bitale_graph.graph import substitute
from bitale_graph.variable import Variable
from bitale_rewrite.explain import Explanation, explain


class Function:
    """A function of arrays. Call it with one array per input, by position or by name.

    What `function` returns behaves as this class; calls of it go straight to compiled code.
    """

    def __init__(self, specification: Specification, mode: str, downcast: bool) -> None:
        self.specification = specification
        self.mode = mode
        self.downcast = downcast
        self.name = specification.name
        self.trust_input = False  # accepted for Theano's sake: checks cost a few nanoseconds
        self.arguments = Arguments(
            specification.inputs, self.name, specification.defaults, downcast, specification.names
        )
        self.compiled: Compiled | None = None
        self.run = self._runner()

    def _runner(self) -> Callable[..., Any]:
        if self.mode == "c":
            self.compiled = compiled(self.specification, self.arguments)
            if self.compiled is not None:
                return self.compiled.call
        kind = {"compare": Compared, "nan_guard": Guarded}.get(self.mode, Interpreted)
        return kind(self.specification, self.arguments)

    @property
    def callable(self) -> Any:
        """What users hold: the compiled code itself where it can answer for this object."""
        if self.specification.keys is None and self.compiled is not None and hasattr(self.run, "details"):
            self.run.details = self
            return self.run
        return self

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        result = self.run(*arguments, **keywords)
        keys = self.specification.keys
        return result if keys is None else dict(zip(keys, result, strict=True))

    def __repr__(self) -> str:
        inputs = ", ".join(f"{name or '_'}: {v.type}" for name, v in zip(self.specification.names, self.inputs))
        outputs = ", ".join(str(v.type) for v in self.specification.outputs) or "None"
        changed = ", ".join(target.name or "a shared variable" for target, _ in self.specification.updates)
        return f"<{self.name}({inputs}) -> {outputs}{f'; updates {changed}' if changed else ''}; mode {self.mode}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.specification, self.mode, self.downcast)

    # ---- looking inside ----------------------------------------------------------------------------------------------

    @property
    def inputs(self) -> list[Variable]:
        return self.specification.inputs

    @property
    def outputs(self) -> list[Variable]:
        return self.specification.outputs

    @property
    def shared(self) -> list[SharedVariable]:
        """The shared variables that the function reads or changes."""
        return self.specification.states

    def source(self) -> str:
        """The generated C."""
        return self._compiled().source

    @property
    def source_path(self) -> Path:
        """The file of the generated C, beside the shared library in the cache."""
        return self._compiled().path.with_name("function.c")

    def explain(self) -> Explanation:
        """Which rewriting rules made what of which expression."""
        return explain(self.specification.graph, preserves=config.preserves)  # type: ignore[arg-type]

    def plan(self) -> Plan:
        """Buffers and steps, with bytes and operations as formulas of the inputs' lengths."""
        return Plan(self._compiled().program)

    def export(self, folder: str | Path, name: str | None = None) -> list[Path]:
        """Write the function as C that needs neither Python nor Bitale (shared variables become arguments)."""
        from bitale_backend_c.export import export

        return export(self.specification.graph, name or self.name, folder)

    def _compiled(self) -> Compiled:
        if self.compiled is None:
            raise BitaleError(f"{self.name} is not compiled: its mode is {self.mode!r}")
        return self.compiled

    # ---- copies --------------------------------------------------------------------------------------------------

    def copy(
        self,
        share_memory: bool = False,
        swap: Mapping[SharedVariable, SharedVariable] | None = None,
        delete_updates: bool = False,
        name: str | None = None,
    ) -> Any:
        """A function of its own: with copies of the shared variables unless `share_memory`, and with those in `swap`
        replaced. Copies can run in several threads at once, each on values of its own."""
        old = self.specification
        new: dict[Variable, Variable] = {} if share_memory else {v: _copied(v) for v in old.states}
        for before, after in (swap or {}).items():
            new[before] = after
        results = substitute([*old.outputs, *(value for _, value in old.updates)], new)
        targets = [new.get(target, target) for target, _ in old.updates]
        updates = list(zip(targets, results[len(old.outputs) :], strict=True))
        specification = Specification(
            old.inputs, old.names, old.defaults, results[: len(old.outputs)], old.form, old.keys,
            [] if delete_updates else updates, name or old.name,  # type: ignore[arg-type]
        )  # fmt: skip
        return Function(specification, self.mode, self.downcast).callable


def _copied(v: SharedVariable) -> SharedVariable:
    return shared(v.get_value(), v.name, shape=v.type.shape)


def _restored(specification: Specification, mode: str, downcast: bool) -> Any:
    return Function(specification, mode, downcast).callable


def function(
    inputs: Sequence[Any],
    outputs: Any = None,
    updates: Pairs = (),
    givens: Pairs = (),
    mode: str | None = None,
    on_unused_input: str | None = None,
    name: str | None = None,
    trust_input: bool = False,
    allow_input_downcast: bool = False,
) -> Any:
    """A callable that computes `outputs` from `inputs`.

    inputs: variables, or In(variable, name=, value=) with a name for keyword calls and a default.
    outputs: a variable (the call returns an array), a list, a tuple or a dict of them, or None.
    updates: pairs (shared variable, new value), all worked out from the old values and applied together.
    givens: pairs (variable, what stands in its place).
    mode: "c" compiles; "numpy" runs the reference; "compare" runs both and compares; "nan_guard" stops at the first
    NaN or infinity. `config.mode` unless given.
    on_unused_input: "raise", "warn" or "ignore". allow_input_downcast: convert arguments even where that rounds.

    Raises MissingInputError, UnusedInputError, GraphError, DtypeError or ShapeError, which name the variables and the
    lines that made them.
    """
    if isinstance(inputs, Variable) or not isinstance(inputs, Iterable):
        raise ArgumentError("the inputs of a function are a list: write function([x], ...)")
    mode = mode or config.mode
    if mode not in MODES:
        raise ArgumentError(f"mode must be one of {', '.join(MODES)}, not {mode!r}")
    policy = on_unused_input or config.on_unused_input
    made = Function(specify(list(inputs), outputs, updates, givens, policy, name), mode, allow_input_downcast)
    made.trust_input = trust_input
    return made.callable

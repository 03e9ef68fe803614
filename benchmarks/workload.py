"""A workload: its inputs, the expression every library is given, and what is done with it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

DTYPES = {"f32": "float32", "f64": "float64", "i32": "int32"}
LEARNING_RATE = 0.01

Kind = Literal["evaluate", "value_and_gradient", "train", "hessian_vector_product"]


@dataclass(frozen=True)
class Workload:
    """One line of the tables.

    `expression(xp, *inputs)` is written once with NumPy's names; `xp` is the library (NumPy, PyTensor's tensor module,
    jax.numpy, torch, bitale.tensor), extended by the few names of `Composites`. What happens with it is its `kind`:

    - evaluate: the expression's value;
    - value_and_gradient: its value and the gradients with respect to the first `parameters` inputs;
    - train: its value, after which each parameter p becomes p - LEARNING_RATE * gradient, where the library keeps it;
    - hessian_vector_product: of the first input, with the last input as the vector.

    `numpy(*inputs)` is the same by hand, the oracle as well as a competitor; a training step changes its parameters in
    place and returns the loss. It is the expression itself where `kind` is evaluate and nothing else is given.
    `numexpr` is that library's spelling, of the arrays `views(*inputs)`. `own` replaces the expression (or, for
    training, the whole step) for a library that has an idiom of its own. Loops for numba are in `benchmarks.loops`,
    under the workload's stem.

    `compared(result)` is what must agree between libraries, within `tolerance` where the usual one is not meant.
    `without` names columns that cannot work, with the reason; `note` goes below the table.
    """

    name: str
    inputs: Callable[[np.random.Generator], tuple[np.ndarray, ...]]
    expression: Callable[..., Any]
    numpy: Callable[..., Any] | None = None
    kind: Kind = "evaluate"
    parameters: int = 0
    numexpr: str | None = None
    views: Callable[..., tuple[np.ndarray, ...]] = lambda *inputs: inputs
    own: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    compared: Callable[[np.ndarray], np.ndarray] = np.asarray
    tolerance: float | None = None
    without: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    @property
    def stem(self) -> str:
        """The name without size and dtype: `softmax` of `softmax[2000x1000]:f32`."""
        return self.name.split(":")[0].split("[")[0]

    @property
    def argument_names(self) -> list[str]:
        """The names of the inputs, as the expression spells them."""
        return list(inspect.signature(self.expression).parameters)[1:]

    @property
    def trained(self) -> int:
        """How many inputs, from the first, are parameters that a call changes."""
        return self.parameters if self.kind == "train" else 0

    @cached_property
    def single(self) -> bool:
        """Whether one of the inputs is float32: the floating results are, then."""
        return any(array.dtype == "float32" for array in self.arrays())

    def arrays(self) -> tuple[np.ndarray, ...]:
        """The inputs: the same numbers in every process."""
        return self.inputs(np.random.default_rng(len(self.name)))


@dataclass(frozen=True)
class Call:
    """What is timed: `function(*arguments)`; `state()` gives the parameters after training steps."""

    function: Callable[..., Any]
    arguments: Sequence[Any]
    state: Callable[[], Sequence[Any]] = lambda: ()


class Names:
    """A library's module under NumPy's names: what `module` lacks or spells otherwise is given as keywords."""

    def __init__(self, module: Any, **more: Callable[..., Any]) -> None:
        self._module = module
        self.__dict__.update(more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

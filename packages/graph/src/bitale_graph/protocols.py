"""What Python and NumPy ask of a value: variables answer symbolically, or say why they cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

import bitale_graph.functions as functions
from bitale_graph.dtypes import is_weak, result_type
from bitale_graph.errors import SymbolicError, explain

if TYPE_CHECKING:
    from bitale_graph.variable import Variable

# np.add.reduce(x) is sum(x, axis=0), and so on.
REDUCTIONS = {
    "add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logical_and": "all", "logical_or": "any",
}  # fmt: skip
RUNNING = {"add": "cumsum", "multiply": "cumprod"}
LINALG = ("norm", "matrix_norm", "vector_norm", "multi_dot", "matmul", "outer", "cross", "tensordot", "vecdot",
          "matrix_transpose")
RENAMED = {"a_min": "min", "a_max": "max"}

ATTRIBUTES: dict[str, Callable[..., Any]] = {
    "shape": lambda x: x.shape,
    "size": lambda x: x.size,
    "ndim": lambda x: x.ndim,
    "copy": lambda x: x.copy(),
    "iscomplexobj": lambda x: x.dtype.startswith("complex"),
    "isrealobj": lambda x: not x.dtype.startswith("complex"),
    "result_type": lambda *values: np.dtype(result_type(*map(_operand, values))),
}


def _operand(value: Any) -> Any:
    return value if is_weak(value) else np.dtype(value if isinstance(value, type) else getattr(value, "dtype", value))


class Protocols:
    """Iteration where lengths are known, NumPy's dispatch, and clear refusals where a value would be needed."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def dtype(self) -> str: ...

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> Any:
        name = ufunc.__name__
        if options.pop("out", None) is not None:
            raise refusal(self, f"NumPy's {name} cannot write a symbolic value into an array")
        if method == "__call__" and hasattr(functions, name) and not options:
            return getattr(functions, name)(*operands)
        if method == "reduce" and name in REDUCTIONS:
            return getattr(functions, REDUCTIONS[name])(*operands, **{"axis": 0, **options})
        if method == "accumulate" and name in RUNNING:
            return getattr(functions, RUNNING[name])(*operands, **{"axis": 0, **options})
        if method == "outer" and hasattr(functions, name) and not options:
            x, y = map(functions.as_variable, operands)
            apart = functions.expand_dims(x, tuple(range(x.ndim, x.ndim + y.ndim)))
            return getattr(functions, name)(apart, y)
        raise refusal(self, f"NumPy's {_call(name, method, options)} has no symbolic counterpart")

    def __array_function__(self, function: Any, types: Any, operands: Any, options: Any) -> Any:
        name, module = function.__name__, function.__module__
        if options.get("out") is not None:
            raise refusal(self, f"NumPy's {name} cannot write a symbolic value into an array")
        if module in ("numpy.fft", "numpy.linalg"):
            inner = _of_namespace(module, name)
            if inner is not None:
                return inner(*operands, **{key: v for key, v in options.items() if key != "out"})
        found = ATTRIBUTES.get(name) or getattr(functions, name, None)
        known = getattr(np, name, None) is function or (module == "numpy.linalg" and name in LINALG)
        if found is None or not known:
            raise refusal(self, f"{module}.{name} has no symbolic counterpart")
        return found(*operands, **{RENAMED.get(key, key): v for key, v in options.items() if key != "out"})

    def __array__(self, dtype: Any = None, copy: Any = None) -> NoReturn:
        raise refusal(self, "a symbolic variable has no value that could become a NumPy array")

    def __len__(self) -> int:
        return _first_length(self, "len()")

    def __iter__(self) -> Iterator[Variable]:
        length = _first_length(self, "iteration")
        return (self[i] for i in range(length))  # type: ignore[index]

    def __contains__(self, value: Any) -> NoReturn:
        raise refusal(self, "`in` needs values", "Write any(eq(x, value)).")

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise refusal(self, "variables do not change", "Write y = x[index].set(value), which is a new variable.")

    def __bool__(self) -> NoReturn:
        raise refusal(
            self, "a symbolic variable is neither true nor false", "Write where(condition, a, b) or ifelse(...)."
        )

    def __index__(self) -> NoReturn:
        raise refusal(self, "a symbolic variable cannot serve as a Python integer")

    def __int__(self) -> NoReturn:
        raise refusal(self, "a symbolic variable cannot become a Python int", "Write x.astype('int64').")

    def __float__(self) -> NoReturn:
        raise refusal(self, "a symbolic variable cannot become a Python float", "Write x.astype('float64').")

    def __complex__(self) -> NoReturn:
        raise refusal(self, "a symbolic variable cannot become a Python complex", "Write x.astype('complex128').")


def refusal(variable: Any, problem: str, advice: str = "") -> SymbolicError:
    """The problem, the variable and its origin, and how to get a value."""
    return SymbolicError(explain(problem, [variable], advice or "For its value call .eval({input: array, ...})."))


def _of_namespace(module: str, name: str) -> Callable[..., Any] | None:
    """A function of numpy.fft, all of which are there, or of numpy.linalg, if it stands with these."""
    from bitale_graph.functions import fft, linalg

    found: Callable[..., Any] | None = getattr(fft if module == "numpy.fft" else linalg, name, None)
    return found


def _first_length(x: Any, what: str) -> int:
    if not x.ndim:
        raise refusal(x, f"{what} over a scalar")
    length = x.type.shape[0]
    if length is None:
        raise refusal(
            x, f"{what} needs a length of axis 0 that is known when the graph is built", "Use x.shape[0] or scan."
        )
    return length


def _call(name: str, method: str, options: dict[str, Any]) -> str:
    called = name if method == "__call__" else f"{name}.{method}"
    return f"{called}({', '.join(f'{key}=' for key in options)})" if options else called

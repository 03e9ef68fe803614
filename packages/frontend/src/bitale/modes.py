"""How functions run: in C, on a GPU, by the NumPy reference, by both compared, or watched for NaN and infinity."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from bitale import readers
from bitale.compared import Compared
from bitale.guarded import Guarded
from bitale.interpreted import Interpreted
from bitale.on_device import GuardedOnDevice, OnDevice
from bitale.options import Options
from bitale.specification import Specification
from bitale_backend_c.arguments import Arguments
from bitale_backend_c.compile import Compiled
from bitale_backend_c.toolchain import NoCompiler
from bitale_graph.errors import ArgumentError

Runner = Compiled | Interpreted | OnDevice
MODES: dict[str, Callable[[Specification, Arguments, Options], Runner]] = {
    "c": lambda specification, arguments, options: options.compile_function(specification, arguments),
    "numpy": Interpreted,
    "compare": Compared,
    "nan_guard": Guarded,
    "cuda": OnDevice,
    "cuda_nan_guard": GuardedOnDevice,
}


def mode_of(name: Any) -> str:
    """The mode of a name. Raises ArgumentError for one that there is not."""
    try:
        return readers.mode(name)
    except ValueError:
        raise ArgumentError(f"mode must be one of {', '.join(MODES)}, not {name!r}") from None


def runner(specification: Specification, arguments: Arguments, options: Options) -> tuple[Runner, Any]:
    """What runs a function, and what to call; the reference, after one warning, where there is no compiler."""
    try:
        made = MODES[options.mode.partition(":")[0]](specification, arguments, options)
        return made, made.call if isinstance(made, Compiled) else made
    except NoCompiler as error:
        _warn_once(str(error))
        reference = Interpreted(specification, arguments, options)
        return reference, reference


@functools.cache
def _warn_once(reason: str) -> None:
    warnings.warn(f"{reason}\n  Functions run in NumPy instead, more slowly.", RuntimeWarning, stacklevel=6)

"""config: what a user may choose, from the environment at first and changed at any time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bitale_backend_c.settings import settings as c_settings
from bitale_graph.dtypes import FLOATS, as_dtype
from bitale_graph.errors import ArgumentError
from bitale_graph.functions import inputs

FORWARDED = ("threads", "cache_dir", "compiler", "effort", "pool_bytes")  # settings of the C backend


@dataclass
class Config:
    """floatX: the dtype of inputs made without one. mode: how functions run (c, numpy, compare, nan_guard).

    on_unused_input: raise, warn or ignore. preserves: what rewriting keeps (add "domain" to let it drop NaNs and
    infinities). check_graphs: verify the graph between all stages. threads, cache_dir, compiler, effort, pool_bytes:
    see the C backend's settings.
    """

    floatX: str = "float64"
    mode: str = "c"
    on_unused_input: str = "raise"
    preserves: frozenset[str] = frozenset({"bits", "reals"})
    check_graphs: bool = False

    def __setattr__(self, name: str, value: Any) -> None:
        if name in FORWARDED:
            setattr(c_settings, name, Path(value) if name == "cache_dir" else value)
        elif name not in {f.name for f in fields(self)}:
            known = ", ".join(sorted([*(f.name for f in fields(self)), *FORWARDED]))
            raise ArgumentError(f"config has no setting {name!r}; it has {known}")
        else:
            if name == "floatX" and as_dtype(value) not in FLOATS:
                raise ArgumentError(f"config.floatX must be one of {', '.join(FLOATS)}, not {value!r}")
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        if name in FORWARDED:
            return getattr(c_settings, name)
        raise AttributeError(f"config has no setting {name!r}")

    @contextmanager
    def set(self, **values: Any) -> Iterator[None]:
        """Settings for the length of a `with` block."""
        before = {name: getattr(self, name) for name in values}
        for name, value in values.items():
            setattr(self, name, value)
        try:
            yield
        finally:
            for name, value in before.items():
                setattr(self, name, value)


config = Config(
    floatX=os.environ.get("BITALE_FLOATX", "float64"),
    mode=os.environ.get("BITALE_MODE", "c"),
    on_unused_input=os.environ.get("BITALE_ON_UNUSED_INPUT", "raise"),
)
inputs.default_float = lambda: config.floatX

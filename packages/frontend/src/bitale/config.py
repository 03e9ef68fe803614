"""config: what a user may choose, from the environment at first and changed at any time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from bitale import readers
from bitale_backend_c.settings import settings as backend
from bitale_backend_c.shim import set_pool_limit
from bitale_graph.errors import ArgumentError
from bitale_graph.functions import inputs


class ConfigError(ArgumentError, AttributeError):
    """There is no such setting, or it cannot have this value."""


class Setting(NamedTuple):
    """A setting of the frontend, with the environment variable that gives its first value; or, without, of the
    C backend, which reads its own variables."""

    read: Callable[[Any], Any]
    meaning: str
    variable: str = ""
    default: Any = None


SETTINGS: dict[str, Setting] = {
    "floatX": Setting(
        readers.floating, "dtype of inputs made without one, and of shared Python floats", "BITALE_FLOATX", "float64"
    ),
    "mode": Setting(
        readers.mode, "how functions run: c, cuda, numpy, compare or nan_guard",
        "BITALE_MODE", "c",
    ),
    "on_unused_input": Setting(
        readers.one_of("raise", "warn", "ignore"), "raise, warn or ignore", "BITALE_ON_UNUSED_INPUT", "raise"
    ),
    "preserves": Setting(
        readers.some_of("bits", "reals", "domain"),
        "which rewriting rules may be used; with domain also those that lose a NaN, an infinity or an error",
        "BITALE_PRESERVES", frozenset({"bits", "reals"}),
    ),
    "check_graphs": Setting(readers.switch, "verify graphs between all stages", "BITALE_CHECK_GRAPHS", False),
    "device": Setting(readers.device, "which GPU mode cuda uses: cuda, cuda:1 or a number", "BITALE_DEVICE", 0),
    "threads": Setting(readers.whole(1), "how many threads a function compiled from now on may use"),
    "compiler": Setting(str, "command of the C compiler; empty: the first one found; none: run in NumPy"),
    "effort": Setting(readers.whole(0, 2), "0 compiles fastest, 1 is the default, 2 takes longer for faster code"),
    "flags": Setting(str, "further flags of the C compiler"),
    "cache_dir": Setting(readers.folder, "where compiled functions are kept"),
    "cache_bytes": Setting(readers.whole(0), "how large that folder may grow"),
    "pool_bytes": Setting(readers.whole(0), "memory of dead results that may wait for the next results"),
}  # fmt: skip


class Config:
    """The settings, as attributes: `config.threads = 2`, or `with config.set(threads=2):` for a while."""

    __slots__ = ("_values",)
    _values: dict[str, Any]

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        object.__setattr__(self, "_values", {})
        for name, setting in SETTINGS.items():
            if setting.variable:
                text = environment.get(setting.variable, "")
                self._values[name] = _read(setting.variable, setting, text) if text else setting.default

    def __getattr__(self, name: str) -> Any:
        _find(name)
        return self._values[name] if name in self._values else getattr(backend, name)

    def __setattr__(self, name: str, value: Any) -> None:
        checked = _read(f"config.{name}", _find(name), value)
        if name in self._values:
            self._values[name] = checked
        elif name == "pool_bytes":
            set_pool_limit(checked)
        else:
            setattr(backend, name, checked)

    def __dir__(self) -> list[str]:
        return ["set", *SETTINGS]

    def __repr__(self) -> str:
        return "\n".join(f"{name} = {getattr(self, name)!r}  # {s.meaning}" for name, s in SETTINGS.items())

    @contextmanager
    def set(self, **values: Any) -> Iterator[Config]:
        """Settings for the length of a `with` block."""
        before = {name: getattr(self, name) for name in values}
        try:
            for name, value in values.items():
                setattr(self, name, value)
            yield self
        finally:
            for name, value in before.items():
                setattr(self, name, value)


def _find(name: str) -> Setting:
    if name not in SETTINGS:
        raise ConfigError(f"config has no setting {name!r}; it has {', '.join(SETTINGS)}")
    return SETTINGS[name]


def _read(what: str, setting: Setting, value: Any) -> Any:
    try:
        return setting.read(value)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{what} = {value!r}: {error} ({setting.meaning})") from None


config = Config()
inputs.default_float = lambda: config.floatX

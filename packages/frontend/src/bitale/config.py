"""config: what a user may choose, from a file and the environment at first, and changed at any time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from bitale import readers
from bitale.config_file import Found, from_file, from_flags
from bitale_backend_c.settings import settings as backend
from bitale_backend_c.shim import set_pool_limit
from bitale_graph.errors import ArgumentError
from bitale_graph.functions import inputs


class ConfigError(ArgumentError, AttributeError):
    """There is no such setting, or it cannot have this value."""


class Setting(NamedTuple):
    """A setting: how it is read, and the environment variable that may give it. Without a default it is the C
    backend's, which reads the variable itself."""

    read: Callable[[Any], Any]
    meaning: str
    variable: str
    default: Any = None


SETTINGS: dict[str, Setting] = {
    "floatX": Setting(
        readers.floating, "dtype of inputs made without one, and of shared Python floats", "BITALE_FLOATX", "float64"
    ),
    "mode": Setting(
        readers.mode, "how functions run: c, cuda, numpy, compare, nan_guard or cuda_nan_guard",
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
    "tf32": Setting(
        readers.switch, "on a GPU, products of float32 keep 11 bits of each factor, for speed", "BITALE_TF32", False
    ),
    "threads": Setting(readers.whole(1), "how many threads a function compiled from now on may use", "BITALE_THREADS"),
    "compiler": Setting(
        readers.text, "command of the C compiler; empty: the first one found; none: run in NumPy", "BITALE_CC"
    ),
    "effort": Setting(
        readers.whole(0, 2), "0 compiles fastest, 1 is the default, 2 takes longer for faster code", "BITALE_EFFORT"
    ),
    "flags": Setting(readers.text, "further flags of the C compiler", "BITALE_CFLAGS"),
    "cache_dir": Setting(readers.folder, "where compiled functions are kept", "BITALE_CACHE"),
    "cache_bytes": Setting(readers.whole(0), "how large that folder may grow", "BITALE_CACHE_BYTES"),
    "pool_bytes": Setting(
        readers.whole(0), "memory of dead results that may wait for the next results", "BITALE_POOL_BYTES"
    ),
}  # fmt: skip


class Config:
    """The settings, as attributes: `config.threads = 2`, or `with config.set(threads=2):` for a while.

    First values come from the file `~/.config/bitale/config.toml` (or the one that BITALE_CONFIG names), with lines
    such as `threads = 2`; from environment variables such as BITALE_THREADS, which count for more; and from
    BITALE_FLAGS, such as `threads=2,mode=numpy`, which counts for most.
    """

    __slots__ = ("_values",)
    _values: dict[str, Any]

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        defaults = {name: setting.default for name, setting in SETTINGS.items() if setting.default is not None}
        object.__setattr__(self, "_values", defaults)
        for found in _first_values(environment):
            self._assign(*found)

    def __getattr__(self, name: str) -> Any:
        _find(name)
        return self._values[name] if name in self._values else getattr(backend, name)

    def __setattr__(self, name: str, value: Any) -> None:
        _find(name)
        self._assign(f"config.{name}", name, value)

    def _assign(self, where: str, name: str, value: Any) -> None:
        checked = _read(where, _find(name, where), value)
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


def _first_values(environment: Mapping[str, str]) -> Iterator[Found]:
    """What a file and the environment say, the strongest last."""
    given = {name for name, setting in SETTINGS.items() if environment.get(setting.variable)}
    try:
        yield from (found for found in from_file(environment) if found.name not in given)
        for name in given:
            if SETTINGS[name].default is not None:
                variable = SETTINGS[name].variable
                yield Found(variable, name, environment[variable])
        yield from from_flags(environment)
    except (OSError, ValueError) as error:
        raise ConfigError(str(error)) from None


def _find(name: str, where: str = "") -> Setting:
    if name not in SETTINGS:
        raise ConfigError(f"{where}{': ' if where else ''}config has no setting {name!r}; it has {', '.join(SETTINGS)}")
    return SETTINGS[name]


def _read(what: str, setting: Setting, value: Any) -> Any:
    try:
        return setting.read(value)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{what} = {value!r}: {error} ({setting.meaning})") from None


config = Config()
inputs.default_float = lambda: config.floatX

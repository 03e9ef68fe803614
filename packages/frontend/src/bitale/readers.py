"""Readers of settings: from what a user assigns, or from an environment variable's text, to a checked value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bitale_graph.dtypes import FLOATS, as_dtype

SWITCHES = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}

MODES = ("c", "numpy", "compare", "nan_guard", "cuda", "cuda_nan_guard")
THEANO_MODES = {
    "FAST_RUN": "c", "FAST_COMPILE": "numpy", "DebugMode": "compare", "DEBUG_MODE": "compare",
    "NanGuardMode": "nan_guard",
}  # fmt: skip


def one_of(*choices: str) -> Callable[[Any], str]:
    """One word of several."""

    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"wanted one of {', '.join(choices)}")
        return str(value)

    return read


def mode(value: Any) -> str:
    """How functions run; Theano's names for it are understood, too, and the number of a GPU: "cuda:1"."""
    if not isinstance(value, str):
        return one_of(*MODES)(value)
    name, colon, number = THEANO_MODES.get(value, value).partition(":")
    known = one_of(*MODES)(name)
    if colon and not (known.startswith("cuda") and number.isdecimal()):
        raise ValueError("a number stands behind cuda only")
    return f"{known}{colon}{number}"


def device(value: Any) -> int:
    """The number of a GPU, or "cuda:1", or "cuda" for the first."""
    text = str(value).removeprefix("cuda").removeprefix(":") or "0"
    if not text.isdecimal():
        raise ValueError('wanted "cuda", "cuda:1" or the number of a GPU')
    return int(text)


def some_of(*choices: str) -> Callable[[Any], frozenset[str]]:
    """Several words: a collection, or a text such as "bits,reals"."""
    one = one_of(*choices)
    return lambda value: frozenset(map(one, value.split(",") if isinstance(value, str) else value))


def whole(lowest: int, highest: int | None = None) -> Callable[[Any], int]:
    """A whole number within bounds."""

    def read(value: Any) -> int:
        number = int(value)
        if isinstance(value, (bool, float)) or number < lowest or (highest is not None and number > highest):
            bounds = f"from {lowest} on" if highest is None else f"from {lowest} to {highest}"
            raise ValueError(f"wanted a whole number {bounds}")
        return number

    return read


def switch(value: Any) -> bool:
    """True or False, or a word that says so."""
    if isinstance(value, bool):
        return value
    if str(value).lower() not in SWITCHES:
        raise ValueError("wanted True or False")
    return SWITCHES[str(value).lower()]


def floating(value: Any) -> str:
    """The name of a floating dtype."""
    return one_of(*FLOATS)(as_dtype(value))


def text(value: Any) -> str:
    """A text."""
    if not isinstance(value, str):
        raise ValueError("wanted a text")
    return value


def folder(value: Any) -> Path:
    """A path, `~` replaced."""
    return Path(value).expanduser()

"""Settings from a file and from one environment variable: names and values, and where each was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

FILE, FLAGS = "BITALE_CONFIG", "BITALE_FLAGS"


class Found(NamedTuple):
    """`where` says what an error about the setting begins with."""

    where: str
    name: str
    value: Any


def from_file(environment: Mapping[str, str]) -> Iterator[Found]:
    """The settings in the file that BITALE_CONFIG names, or else in bitale/config.toml where the user keeps settings.

    Raises ValueError where the file is no TOML, OSError where BITALE_CONFIG names what cannot be read.
    """
    path = _path(environment)
    if path is None:
        return
    import tomllib  # read only where there is a file: it takes a few milliseconds

    text = path.read_text(encoding="utf-8")
    try:
        settings = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: {error}") from None
    for name, value in settings.items():
        yield Found(f"{path}, line {_line(text, name)}: {name}", name, value)


def from_flags(environment: Mapping[str, str]) -> Iterator[Found]:
    """The settings in BITALE_FLAGS, such as `threads=2,mode=numpy`; a value with commas stands in quotes.

    Raises ValueError where something is not of the form name=value.
    """
    for assignment in _split(environment.get(FLAGS, "")):
        name, equals, value = (part.strip() for part in assignment.partition("="))
        if not (name and equals):
            raise ValueError(f"{FLAGS}: {assignment.strip()!r} is not of the form name=value")
        yield Found(f"{FLAGS}: {name}", name, value.strip("\"'"))


def _path(environment: Mapping[str, str]) -> Path | None:
    if named := environment.get(FILE, ""):
        return Path(named).expanduser()
    try:
        folder = Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    except RuntimeError:  # a user without a home
        return None
    path = folder / "bitale" / "config.toml"
    return path if path.is_file() else None


def _line(text: str, name: str) -> int:
    """The line that assigns `name` in a TOML file that has been read."""
    keys = (line.partition("=")[0].strip(" \t\"'[]") for line in text.splitlines())
    return next((number for number, key in enumerate(keys, 1) if key == name), 1)


def _split(flags: str) -> list[str]:
    """`flags` cut at its commas, but for those in quotes."""
    parts, quote = [""], ""
    for letter in flags:
        if letter in "\"'" and quote in ("", letter):
            quote = "" if quote else letter
        if letter == "," and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part.strip()]

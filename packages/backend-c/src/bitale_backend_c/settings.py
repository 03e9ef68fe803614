"""What a user may choose about compiling and calling: read from the environment, changed in place at any time."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


def default_cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where compiled functions are kept: BITALE_CACHE, else the platform's folder for caches.

    A user without a home gets a place where nothing can be kept: each process then warns, and has a folder of its own.
    """
    if "BITALE_CACHE" in environment:
        return Path(environment["BITALE_CACHE"]).expanduser()
    try:
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "bitale"
        return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bitale"
    except RuntimeError:
        return Path(os.devnull) / "bitale"


def default_pool_bytes() -> int:
    """An eighth of the memory, and no more than 1 GiB."""
    try:
        return min(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 8, 2**30)
    except (ValueError, OSError):
        return 2**28


@dataclass
class Settings:
    """The backend's settings.

    compiler: a command such as `gcc-13` or `python -m ziglang cc`; empty: the first one found; `none`: no compiler.
    effort: 0 compiles fastest, 1 is the default, 2 also vectorises loops that carry no pragma.
    flags: further flags for the compiler.
    threads: how many threads a generated function may use.
    pool_bytes: how much memory of dead results may wait for the next results.
    """

    cache_dir: Path = field(default_factory=default_cache_folder)
    cache_bytes: int = 2**30
    compiler: str = ""
    effort: int = 1
    flags: str = ""
    threads: int = 1
    pool_bytes: int = field(default_factory=default_pool_bytes)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """BITALE_CACHE, BITALE_CACHE_BYTES, BITALE_CC, BITALE_EFFORT, BITALE_CFLAGS, BITALE_THREADS, BITALE_POOL_BYTES.

        Raises ValueError, with the variable's name, where a number is wanted and something else came.
        """

        def number(name: str, default: int, lowest: int = 0, highest: int = 2**63) -> int:
            text = environment.get(name, "")
            try:
                value = int(text) if text else default
            except ValueError:
                raise ValueError(f"{name}={text!r}: wanted a whole number") from None
            if not lowest <= value <= highest:
                bounds = f"from {lowest} on" if highest == 2**63 else f"from {lowest} to {highest}"
                raise ValueError(f"{name}={text!r}: wanted a whole number {bounds}")
            return value

        return cls(
            cache_dir=default_cache_folder(environment),
            cache_bytes=number("BITALE_CACHE_BYTES", 2**30),
            compiler=environment.get("BITALE_CC", ""),
            effort=number("BITALE_EFFORT", 1, highest=2),
            flags=environment.get("BITALE_CFLAGS", ""),
            threads=number("BITALE_THREADS", 1, lowest=1),
            pool_bytes=number("BITALE_POOL_BYTES", default_pool_bytes()),
        )


settings = Settings.from_environment()

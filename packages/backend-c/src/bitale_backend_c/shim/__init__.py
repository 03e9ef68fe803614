"""The extension module that calls generated functions: compiled once per interpreter, replaced by cffi where it
cannot be.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import re
import sysconfig
import threading
import warnings
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
from pathlib import Path
from types import ModuleType

import numpy as np

from .. import fallback
from ..build import CompileError, build_with
from ..fallback import Form, Kind
from ..settings import settings
from ..toolchain import INCLUDE, NoCompiler, toolchain

__all__ = ["Form", "Kind", "load", "prepare", "set_pool_limit", "snapshot"]

NAME = "bitale_shim"
FOLDER = Path(__file__).parent


_loading = threading.Lock()


def load() -> ModuleType:
    """The module with Function, clear_pool, set_pool_limit, pool_statistics and set_thread_limit.

    Raises NoCompiler. Without Python.h it is the module `fallback`, after a warning.
    """
    with _loading:
        return _load()


@functools.cache
def prepare() -> None:
    """Start to load the module beside other work: its first compilation takes as long as that of a function."""

    def work() -> None:
        with contextlib.suppress(NoCompiler):  # whoever needs the module hears of it
            load()

    threading.Thread(target=work, name="bitale-shim").start()


def set_pool_limit(size: int) -> None:
    """How many bytes of dead results may wait for the next ones, from now on."""
    settings.pool_bytes = size
    with _loading:
        if _load.cache_info().currsize:
            _load().set_pool_limit(size)


def snapshot(cell: list[np.ndarray]) -> np.ndarray:
    """A copy of the array in a cell, which no call in another thread changes meanwhile."""
    return _load().snapshot(cell) if _load.cache_info().currsize else cell[0].copy()


@functools.cache
def _load() -> ModuleType:
    module = compiled()
    module.set_pool_limit(settings.pool_bytes)
    # A parallel region in a forked child waits for ever for threads that the child does not have.
    os.register_at_fork(after_in_child=lambda: module.set_thread_limit(1))
    return module


def compiled() -> ModuleType:
    headers = sysconfig.get_path("include")
    try:
        if not Path(headers, "Python.h").is_file():
            raise FileNotFoundError(f"{headers}/Python.h is missing")
        compiler = toolchain()
        # At -O1 calls take as long as at -O2, and the compilation two thirds of the time.
        flags = (*compiler.flags(effort=0), "-I", headers, "-I", np.get_include(), "-pthread")
        stamp = f'#define BITALE_MADE_FOR "NumPy {np.__version__} and {EXTENSION_SUFFIXES[0]}"\n'
        return import_from(build_with(compiler, stamp + source(), flags))
    except (CompileError, OSError, ImportError) as error:
        reason = next(line.strip() for line in str(error).splitlines() if not line.endswith(":"))
        advice = " Installing Python's headers (python3-dev) helps." if isinstance(error, FileNotFoundError) else ""
        warnings.warn(
            f"Bitale could not compile the module that makes calls fast ({reason}); calls take several microseconds "
            f"longer.{advice}",
            RuntimeWarning,
            stacklevel=4,
        )
        return fallback


def source() -> str:
    """The module as one text: its own headers and bitale.h in place of their include lines."""
    text = (FOLDER / "shim.c").read_text()

    def content(match: re.Match[str]) -> str:
        file = FOLDER / match[1]
        return (file if file.is_file() else INCLUDE / match[1]).read_text()

    return re.sub(r'#include "([\w.]+)"\n', content, text)


def import_from(path: Path) -> ModuleType:
    loader = ExtensionFileLoader(NAME, str(path))
    specification = importlib.util.spec_from_file_location(NAME, path, loader=loader)
    if specification is None:
        raise ImportError(f"no extension module at {path}")
    module = importlib.util.module_from_spec(specification)
    loader.exec_module(module)
    return module

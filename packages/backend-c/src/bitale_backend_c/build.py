"""From C source to a shared library: through the cache, else through the compiler."""

from __future__ import annotations

import functools
import os
import re
import shlex
from pathlib import Path

from bitale_graph.errors import BitaleError

from . import cache
from .settings import settings
from .toolchain import INCLUDE, Toolchain, fast_toolchain, toolchain


class CompileError(BitaleError, RuntimeError):
    """The C compiler refused a generated function: a fault in Bitale, or in the compiler's set-up."""


@functools.cache
def interface() -> str:
    """The text of bitale.h, which takes part in every key."""
    return (INCLUDE / "bitale.h").read_text()


def build(source: str, threads: int = 1, *, effort: int | None = None) -> Path:
    """The shared library of a C source. Beside it lies the source, as `function.c`.

    Raises NoCompiler, or CompileError with the compiler's message, its command and the path of a log.
    """
    effort = settings.effort if effort is None else effort
    quick = fast_toolchain() if effort == 0 else None
    if quick is not None:
        try:
            return build_with(quick, source, quick.flags())
        except CompileError:
            pass  # TinyCC has no complex numbers, for one
    compiler = toolchain()
    return build_with(compiler, source, compiler.flags(threads, effort, len(source)))


def build_with(compiler: Toolchain, source: str, flags: tuple[str, ...]) -> Path:
    """As build, with a compiler and flags of the caller's."""
    key = cache.key_of(without_comments(source), interface(), compiler.identity, shlex.join(flags))
    found = cache.find(key)
    if found is None:
        return cache.store(key, source, compile_source(compiler, source, flags))
    cache.keep_source(found.parent, source)
    return found


def without_comments(source: str) -> str:
    """What the compiler sees: a program's comments name the user's lines, which move with every edit above them."""
    return re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)


def compile_source(compiler: Toolchain, source: str, flags: tuple[str, ...]) -> bytes:
    """Run the compiler; returns the bytes of the shared library."""
    import subprocess  # here, as a warm start needs none
    import tempfile

    with tempfile.TemporaryDirectory(prefix="bitale-") as folder:
        file, library = Path(folder, cache.SOURCE), Path(folder, cache.LIBRARY)
        file.write_text(source, encoding="utf-8")
        command = [*compiler.command, *flags, str(file), "-o", str(library), *compiler.libraries]
        run = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, stdin=subprocess.DEVNULL,
            env={"ZIG_GLOBAL_CACHE_DIR": str(settings.cache_dir / "zig"), **os.environ},
        )  # fmt: skip
        if run.returncode == 0 and library.is_file():
            return library.read_bytes()
    log = write_log(source, shlex.join(command), run.stderr + run.stdout)
    lines = (run.stderr.strip() or run.stdout.strip() or f"exit status {run.returncode}").splitlines()
    errors = [line for line in lines if "error" in line] or lines
    message = "\n".join(f"    {line}" for line in errors[:5])
    raise CompileError(
        f"The C compiler failed on a generated function:\n{message}\n"
        f"  command: {shlex.join(command)}\n"
        f"  source and log: {log}\n"
        "  mode='numpy' runs the function without a compiler; please report the log."
    )


def write_log(source: str, command: str, output: str) -> Path:
    """Keep what is needed to repeat a failed compilation, in the cache or in the folder of this process."""
    key = cache.key_of(source, command)
    for parent in (lambda: settings.cache_dir, cache.private_folder):
        folder = parent() / "failures" / key
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / cache.SOURCE).write_text(source, encoding="utf-8")
            (folder / "log.txt").write_text(f"{command}\n{output}", encoding="utf-8", errors="replace")
            break
        except OSError:
            continue
    return folder / "log.txt"

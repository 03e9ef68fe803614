"""Compiled functions on disk: an entry is a folder named by its content, put in place by one atomic rename.

An entry never changes, so there is no lock: processes that make the same entry race harmlessly. What cannot be
written (a read-only or a full disk) goes to a folder of this process alone.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import threading
import warnings
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from .settings import settings

SOURCE, LIBRARY, DIGEST = "function.c", "function.so", "digest"
STORES_PER_SWEEP = 64

_stores = 0


def key_of(*parts: str) -> str:
    """The name of the entry that these texts decide."""
    digest = sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part.encode())
    return digest.hexdigest()[:40]


def find(key: str) -> Path | None:
    """The library of an entry whose files are whole; an entry that is not is removed."""
    for folder in (settings.cache_dir / "functions" / key, private_folder(make=False) / key):
        try:
            digest = (folder / DIGEST).read_bytes()
            content = (folder / LIBRARY).read_bytes()
        except OSError:
            if folder.is_dir():
                remove(folder)
            continue
        if digest == sha256(content).hexdigest().encode():
            with contextlib.suppress(OSError):  # a read-only cache serves as well
                os.utime(folder)
            return folder / LIBRARY
        remove(folder)
    return None


def keep_source(folder: Path, source: str) -> None:
    """Let an entry show the source that was asked for, where it differs in its comments."""
    file = folder / SOURCE
    with contextlib.suppress(OSError):  # a read-only cache serves as well
        if file.read_text(encoding="utf-8") != source:
            temporary = file.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
            temporary.write_text(source, encoding="utf-8")
            temporary.replace(file)


def store(key: str, source: str, library: bytes) -> Path:
    """Keep an entry; returns the path of its library."""
    files = {SOURCE: source.encode(), LIBRARY: library, DIGEST: sha256(library).hexdigest().encode()}
    functions = settings.cache_dir / "functions"
    try:
        functions.mkdir(parents=True, exist_ok=True)
        path = place(functions, key, files)
        sweep_sometimes(functions)
        return path
    except OSError as error:
        warn_once(str(functions), error.strerror or str(error))
        return place(private_folder(), key, files)


def place(parent: Path, key: str, files: Mapping[str, bytes]) -> Path:
    """Write the files beside their place, then rename the folder. Where another process was faster, take its entry."""
    import tempfile  # here and below, as a warm start writes nothing

    staging = Path(tempfile.mkdtemp(prefix="staging-", dir=parent))
    try:
        for name, content in files.items():
            (staging / name).write_bytes(content)
        try:
            staging.rename(parent / key)
        except OSError:
            if find(key) is None:  # it removes what is broken
                staging.rename(parent / key)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return parent / key / LIBRARY


def remove(folder: Path) -> None:
    """Take an entry away at once, then delete its files."""
    import tempfile

    try:
        grave = Path(tempfile.mkdtemp(prefix="removed-", dir=folder.parent))
        folder.rename(grave / folder.name)
    except OSError:
        return
    shutil.rmtree(grave, ignore_errors=True)


def sweep_sometimes(functions: Path) -> None:
    """Look at the size of the cache at the first store of a process and at every 64th."""
    global _stores
    if _stores % STORES_PER_SWEEP == 0:
        sweep(functions)
    _stores += 1


def sweep(functions: Path) -> None:
    """Remove the entries that were not used for longest until the rest takes at most 3/4 of the allowed bytes."""
    entries = []
    for entry in functions.iterdir():
        try:
            entries.append((entry.stat().st_mtime, sum(file.stat().st_size for file in entry.iterdir()), entry))
        except OSError:
            continue  # another process has just removed it
    total = sum(size for _, size, _ in entries)
    if total <= settings.cache_bytes:
        return
    for _, size, entry in sorted(entries, key=lambda row: row[0]):
        remove(entry)
        total -= size
        if total <= settings.cache_bytes * 3 // 4:
            return


def private_folder(make: bool = True) -> Path:
    """A folder of this process alone, deleted when it ends."""
    return _private_folder(os.getpid()) if make or _private_folder.cache_info().currsize else Path(os.devnull)


@functools.cache
def _private_folder(process: int) -> Path:
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="bitale-"))

    def clean_up() -> None:
        if os.getpid() == process:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(clean_up)
    return folder


@functools.cache
def warn_once(folder: str, reason: str) -> None:
    """Say, once per folder and reason, that it cannot be written."""
    warnings.warn(
        f"Bitale cannot keep compiled functions in {folder} ({reason}); they are compiled again in the next process. "
        "Set BITALE_CACHE to a folder that can be written.",
        RuntimeWarning,
        stacklevel=2,
    )

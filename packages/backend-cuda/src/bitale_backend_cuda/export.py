"""export(): the kernels of a function as a file that nvcc compiles, for programs without Python."""

from __future__ import annotations

import re
from pathlib import Path

from bitale_backend_cuda.emit.program import Emitted

PLACE = re.compile(r"\S*/(?=[^/\s]+\.py:\d+)")  # of the user's files the names are shown alone


def export(emitted: Emitted, name: str, folder: str | Path) -> Path:
    """Write `name.cu` into `folder`; returns its path.

    The kernels are `extern "C"` and take addresses, lengths and strides (in elements) as 64-bit integers. A comment at
    the end says in which order the host launches them, on how many blocks, and what memory they need.
    """
    file = Path(folder, f"{name}.cu")
    file.parent.mkdir(parents=True, exist_ok=True)
    source, host = (PLACE.sub("", text) for text in (emitted.source, emitted.host.replace("*/", "* /")))
    build = f"nvcc -std=c++17 -arch=native -cubin {name}.cu"
    steps = f"/* Build: {build}\n\nWhat the host does, in Python's words:\n\n{host}*/"
    file.write_text(f"{source}\n{steps}\n", encoding="utf-8")
    return file

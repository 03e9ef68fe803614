"""The tests under AddressSanitizer and UndefinedBehaviorSanitizer: `python -m tests.support.sanitized {args}`.

Generated functions and the module that calls them are compiled with checks of every access to memory; Python itself
is not, so that the sanitizer's library has to be there before Python is.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = (
    *("tests/conformance", "tests/backend_c/test_shim.py", "tests/backend_c/test_shim_memory.py"),
    *("tests/backend_cuda/test_ops.py", "tests/backend_cuda/test_elementwise.py", "tests/backend_cuda/test_control.py"),
)
FLAGS = "-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g"
OPTIONS = "detect_leaks=0:allocator_may_return_null=1"  # Python leaks at its end; large requests are to fail


def libraries() -> list[str]:
    """The sanitizers' libraries that gcc has, or none."""
    try:
        found = [_library(name) for name in ("libasan.so", "libubsan.so")]
    except OSError:
        return []
    return found if all(map(os.path.isabs, found)) else []


def _library(name: str) -> str:
    command = ["gcc", f"-print-file-name={name}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def main(arguments: list[str]) -> None:
    """Become pytest."""
    preloaded = libraries()
    if not preloaded:
        sys.exit("sanitized: gcc and its libasan and libubsan are needed")
    environment = {
        **os.environ, "LD_PRELOAD": " ".join(preloaded), "ASAN_OPTIONS": OPTIONS, "BITALE_CC": "gcc",
        "BITALE_CFLAGS": FLAGS,
    }  # fmt: skip
    chosen = arguments if any(Path(a.partition("::")[0]).exists() for a in arguments) else [*arguments, *TESTS]
    command = ["-m", "pytest", "-p", "tests.support.sanitized", "-p", "no:xdist", "-p", "no:cacheprovider", *chosen]
    os.execve(sys.executable, [sys.executable, *command], environment)


if __name__ == "__main__":
    main(sys.argv[1:])
else:
    os.environ.pop("LD_PRELOAD", None)  # as pytest's plugin: compilers are to start without it

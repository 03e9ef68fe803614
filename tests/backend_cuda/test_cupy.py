"""Every name of CuPy that the driver of a GPU uses is there, and takes what it is given. No GPU is needed for that."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

from bitale_backend_cuda import cupy_driver

SOURCE = inspect.getsource(cupy_driver)
ROOTS = {
    "self.cupy": "cupy", "cupy": "cupy", "self._runtime": "runtime", "runtime": "runtime", "self._driver": "driver",
    "driver": "driver",
}  # fmt: skip
# What is used of objects that only a GPU makes: the class, then each name with how many arguments it gets.
OF_OBJECTS = {
    "Stream": {"synchronize": 0, "begin_capture": 0, "end_capture": 0, "__enter__": 0, "__exit__": 3},
    "Device": {"__enter__": 0, "__exit__": 3},
    "Graph": {"launch": 0},
}


@pytest.fixture(scope="module")
def modules() -> dict[str, Any]:
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed: pip install cupy-cuda12x (it needs no GPU here)")
    from cupy_backends.cuda.api import driver, runtime

    return {"cupy": cupy, "runtime": runtime, "driver": driver}


def chain(node: ast.expr) -> str | None:
    """`a.b.c`, spelled; None for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = chain(node.value)
        return before and f"{before}.{node.attr}"
    return None


def uses() -> Iterator[tuple[str, str, ast.Call | None]]:
    """Each name of CuPy in the driver: the module, the name, and the call of it."""
    tree = ast.parse(SOURCE)
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        spelled = chain(node) if isinstance(node, ast.Attribute) else None
        for root, module in ROOTS.items():
            if spelled is not None and spelled.startswith(f"{root}."):
                yield module, spelled.removeprefix(f"{root}."), calls.get(id(node))


def signature(function: Any) -> inspect.Signature:
    """Of a function in Python, or of Cython, which writes it into the first line of the documentation."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        line = str(function.__doc__).splitlines()[0]
        arguments = re.sub(r"=[\w.'\"]+", "=0", re.search(r"\((.*?)\)", line)[1])
        names = ", ".join(part if "*" in part else part.split()[-1] for part in arguments.split(", ") if part)
        space: dict[str, Any] = {}
        exec(f"def function({names}): ...", space)
        return inspect.signature(space["function"])


def test_every_name_is_there_and_takes_its_arguments(modules):
    seen = set()
    for module, name, call in uses():
        found = modules[module]
        for part in name.split("."):
            assert hasattr(found, part), f"{module}.{name}"
            found = getattr(found, part)
        seen.add(f"{module}.{name}")
        if call is not None and not isinstance(found, type):
            signature(found).bind(*call.args, **{keyword.arg: None for keyword in call.keywords})
    assert {"runtime.memcpyAsync", "driver.launchKernel", "cupy.empty", "cupy.from_dlpack"} <= seen


def test_what_is_used_of_objects_is_there(modules):
    cuda = modules["cupy"].cuda
    for kind, names in OF_OBJECTS.items():
        for name, count in names.items():
            method = getattr(getattr(cuda, kind), name)
            if not name.startswith("__"):
                signature(method).bind(None, *range(count))
    array = modules["cupy"].ndarray
    assert all(hasattr(array, name) for name in ("get", "data", "flags", "shape", "strides", "dtype", "nbytes"))
    assert {"ptr", "device_id"} <= set(dir(cuda.MemoryPointer))
    assert hasattr(modules["cupy"].cuda.Stream, "__exit__") and issubclass(cuda.memory.OutOfMemoryError, MemoryError)
    assert issubclass(modules["driver"].CUDADriverError, RuntimeError)

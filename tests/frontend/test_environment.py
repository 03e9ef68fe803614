"""Machines without a compiler, with a broken one, with a cache that fails; and what importing costs."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T
from bitale_backend_c import cache, shim

NO_COMPILER = """
import warnings, numpy as np, bitale as bt, bitale.tensor as T
x = T.vector("x")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    modes = ("c", "c", "compare", "nan_guard")
    results = [bt.function([x], T.exp(x) + k, mode=mode)(np.zeros(1)) for k, mode in enumerate(modes)]
print([r.tolist() for r in results], len(caught), caught[0].category.__name__, caught[0].filename.endswith("<string>"))
print(caught[0].message)
"""

ONE_FUNCTION = "import numpy as np, bitale as bt; x = bt.tensor.vector(); print(bt.function([x], x + 1)(np.ones(2)))"


def start(program: str, folder: Path, **environment: str) -> subprocess.Popen[str]:
    variables = {**os.environ, "BITALE_CACHE": str(folder), **environment}
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", program], env=variables, stdout=pipe, stderr=pipe, text=True)


def run(program: str, folder: Path, **environment: str) -> tuple[str, str]:
    process = start(program, folder, **environment)
    return process.communicate(timeout=120)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own, for functions alone."""
    shim.load()
    with bt.config.set(cache_dir=tmp_path / "cache"):
        yield tmp_path / "cache"


# ---- compilers ----


def test_no_compiler_warns_once_and_runs_in_numpy(tmp_path: Path) -> None:
    output, errors = run(NO_COMPILER, tmp_path, BITALE_CC="none")
    results, *warning = output.strip().splitlines()
    assert results == "[[1.0], [2.0], [3.0], [4.0]] 1 RuntimeWarning True", errors
    assert warning == [
        "No C compiler was found. Tried: none (switched off).",
        "  Install gcc or clang, or `pip install ziglang`, or name one in BITALE_CC.",
        "  Functions run in NumPy instead, more slowly.",
    ]


def test_a_compiler_that_fails_says_what_it_said_and_where_the_log_is(folder: Path) -> None:
    folder.mkdir()
    script = folder / "broken-cc"
    script.write_text('#!/bin/sh\ncase "$1" in --version) echo "broken 1.0 gcc";; *) echo out of luck; exit 3;; esac\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    x = T.vector("x")
    with bt.config.set(compiler=str(script)), pytest.raises(bt.CompileError) as caught:
        bt.function([x], T.exp(x) + 1)
    lines = str(caught.value).splitlines()
    assert lines[:2] == ["The C compiler failed on a generated function:", "    out of luck"]
    assert lines[2].startswith(f"  command: {script} ")
    log = Path(lines[3].removeprefix("  source and log: "))
    assert "out of luck" in log.read_text()
    assert "exp" in log.with_name("function.c").read_text()
    assert lines[4].startswith("  mode='numpy' runs the function without a compiler")


# ---- the cache ----


def test_a_corrupt_entry_is_compiled_again(folder: Path) -> None:
    x = T.vector("x")
    path = bt.function([x], x * 3).compiled.path
    path.unlink()
    path.write_bytes(b"no library")  # another file, as the first may still be mapped
    np.testing.assert_array_equal(bt.function([x], x * 3)([1.0]), [3.0])
    assert path.read_bytes() != b"no library"


def test_a_full_disk_warns_and_works(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    real = cache.place
    monkeypatch.setattr(
        cache, "place", lambda parent, *rest: full() if folder in parent.parents else real(parent, *rest)
    )
    x = T.vector("x")
    with pytest.warns(RuntimeWarning, match=r"cannot keep compiled functions in .*No space left.*Set BITALE_CACHE"):
        f = bt.function([x], x * 5)
    np.testing.assert_array_equal(f([1.0]), [5.0])


def test_a_folder_that_cannot_be_made_warns_and_works(tmp_path: Path) -> None:
    x = T.vector("x")
    (tmp_path / "file").write_text("")
    with (
        bt.config.set(cache_dir=tmp_path / "file" / "cache"),
        pytest.warns(RuntimeWarning, match="cannot keep compiled functions"),
    ):
        f = bt.function([x], x * 7)
    np.testing.assert_array_equal(f([1.0]), [7.0])


def test_two_processes_compile_the_same_function(tmp_path: Path) -> None:
    both = [start(ONE_FUNCTION, tmp_path) for _ in range(2)]
    results = [process.communicate(timeout=120) for process in both]
    assert [output.strip() for output, _ in results] == ["[2. 2.]"] * 2, results


def test_a_second_process_compiles_nothing(tmp_path: Path) -> None:
    run(ONE_FUNCTION, tmp_path)
    program = f"import subprocess; subprocess.Popen = None; {ONE_FUNCTION}"
    output, errors = run(program, tmp_path)
    assert output.strip() == "[2. 2.]", errors


def test_a_loaded_function_is_not_compiled_again(tmp_path: Path) -> None:
    make = f"""
import pickle, numpy as np, bitale as bt, bitale.tensor as T
x, w = T.matrix("x"), bt.shared(np.ones((3, 2)), "w")
loss = T.mean(T.log(T.softmax(x @ w, axis=1))[:, 0])
f = bt.function([x], loss, updates={{w: w - 0.1 * bt.grad(loss, w)}})
f(np.eye(3))
open({str(tmp_path / "f")!r}, "wb").write(pickle.dumps(f))
print(f(np.eye(3)), f.path)
"""
    load = f"""
import pickle, subprocess, numpy as np
subprocess.Popen = None
f = pickle.load(open({str(tmp_path / "f")!r}, "rb"))
print(f(np.eye(3)), f.path)
"""
    made, loaded = run(make, tmp_path), run(load, tmp_path)
    assert made[0] == loaded[0] != "", (made, loaded)


# ---- importing ----


def test_importing_loads_little_and_compiles_nothing(tmp_path: Path) -> None:
    heavy = ("scipy", "cffi", "rich", "matplotlib", "subprocess", "bitale_shim", "pandas", "IPython")
    output, errors = run(f"import sys, bitale; print([m for m in {heavy} if m in sys.modules])", tmp_path)
    assert output.strip() == "[]", errors
    assert not list(tmp_path.iterdir())

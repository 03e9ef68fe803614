"""From source to library: compilers that work, fail or are missing, and processes that do the same at once."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bitale_backend_c import build, fallback, loaded, shim, toolchain
from bitale_backend_c.settings import settings
from tests.backend_c.handwritten import SOURCE, VECTOR, function, returned


@pytest.fixture(autouse=True)
def own_settings(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "cache_dir", tmp_path / "cache")
    monkeypatch.setattr(settings, "compiler", "")
    monkeypatch.setattr(settings, "effort", 1)
    toolchain.chosen.cache_clear()
    yield
    toolchain.chosen.cache_clear()


def works(path) -> bool:
    call = function(shim.load(), "add_one_vector", [VECTOR], [returned(1)])
    other = type(call)(
        loaded.load(path, "add_one_vector"), "add", (VECTOR,), (), (), (returned(1),), 0, None, None, None
    )
    return np.array_equal(other(np.zeros(3)), call(np.zeros(3)))


def test_a_build_is_found_again(monkeypatch):
    path = build.build(SOURCE)
    assert works(path)
    assert (path.parent / "function.c").read_text() == SOURCE
    monkeypatch.setattr(build, "compile_source", None)
    assert build.build(SOURCE) == path


def test_flags_and_source_decide():
    paths = {build.build(SOURCE), build.build(SOURCE, 2), build.build(SOURCE, effort=2), build.build(SOURCE + "\n")}
    assert len(paths) == 4


def test_comments_do_not_decide_but_are_kept(monkeypatch):
    path = build.build(f"/* line 1 */\n{SOURCE}")
    monkeypatch.setattr(build, "compile_source", None)
    moved = f"/* line 2,\n   not 1 */\n{SOURCE}"
    assert build.build(moved) == path
    assert (path.parent / "function.c").read_text() == moved
    assert sorted(file.name for file in path.parent.iterdir()) == ["digest", "function.c", "function.so"]


def test_openmp_is_on_for_threads():
    source = "#ifndef _OPENMP\n#error serial\n#endif\nint bitale_run(void) { return 0; }\n"
    assert build.build(source, 2).is_file()
    with pytest.raises(build.CompileError):
        build.build(source, 1)


def test_a_failing_compiler_is_reported():
    with pytest.raises(build.CompileError) as caught:
        build.build("int bitale_run(void) { return unknown_name; }\n")
    message = str(caught.value)
    assert message.startswith("The C compiler failed on a generated function:\n")
    assert "unknown_name" in message and "  command: " in message and " -shared " in message
    log = message.partition("source and log: ")[2].partition("\n")[0]
    folder = settings.cache_dir / "failures"
    assert log.startswith(str(folder)) and log.endswith("log.txt")
    text = Path(log).read_text()
    assert "unknown_name" in text and "-shared" in text
    assert "unknown_name" in Path(log).with_name("function.c").read_text()


def test_a_compiler_that_only_fails(tmp_path, monkeypatch):
    script = tmp_path / "broken-cc"
    script.write_text('#!/bin/sh\ncase "$1" in --version) echo "broken 1.0 gcc";; *) echo out of luck; exit 3;; esac\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(settings, "compiler", str(script))
    with pytest.raises(build.CompileError, match="out of luck"):
        build.build(SOURCE)


def test_no_compiler(monkeypatch):
    monkeypatch.setattr(settings, "compiler", "none")
    with pytest.raises(toolchain.NoCompiler, match=r"(?s)No C compiler was found. Tried: none.*pip install ziglang"):
        build.build(SOURCE)


def test_a_compiler_that_is_not_there(monkeypatch):
    monkeypatch.setattr(settings, "compiler", "no-such-cc -O9")
    with pytest.raises(toolchain.NoCompiler, match="Tried: no-such-cc -O9"):
        build.build(SOURCE)


def test_nothing_on_the_path(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(toolchain.NoCompiler, match=r"Tried: .*gcc, clang, cc"):
        build.build(SOURCE)


def compilers():
    yield pytest.param("gcc", marks=pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc"))
    yield pytest.param("clang", marks=pytest.mark.skipif(not shutil.which("clang"), reason="no clang"))
    zig = importlib.util.find_spec("ziglang")
    marks = [pytest.mark.slow, pytest.mark.skipif(not zig, reason="no ziglang")]
    yield pytest.param(f"{sys.executable} -m ziglang cc", marks=marks, id="zig")


EXPONENTIAL = """
#include <math.h>
void exponential(const double *restrict x, double *restrict out, int n)
{
    #pragma omp simd
    for (int i = 0; i < n; i++) out[i] = exp(x[i]);
}
"""


@pytest.mark.parametrize("command", list(compilers()))
def test_vector_functions_are_found_and_right(command, monkeypatch):
    monkeypatch.setattr(settings, "compiler", command)
    x = np.array([-np.inf, np.nan, 0.0, np.inf, -800.0, 710.0, 1e-320, *np.linspace(-700, 700, 1000)])
    out = np.empty_like(x)
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)(
        loaded.load(build.build(EXPONENTIAL), "exponential")
    )
    call(x.ctypes.data, out.ctypes.data, len(x))
    with np.errstate(over="ignore"):
        np.testing.assert_array_max_ulp(out[2:], np.exp(x[2:]), maxulp=4)
    assert out[0] == 0 and np.isnan(out[1])


@pytest.mark.parametrize("command", list(compilers()))
def test_compilers(command, monkeypatch):
    monkeypatch.setattr(settings, "compiler", command)
    assert works(build.build(SOURCE))
    assert toolchain.toolchain().family == ("zig" if "zig" in command else command)


@pytest.mark.skipif(toolchain.fast_toolchain() is None, reason="no TinyCC")
def test_the_fastest_compiler():
    path = build.build(SOURCE, effort=0)
    assert works(path)
    assert path != build.build(SOURCE, effort=1)
    complicated = "#include <complex.h>\ndouble _Complex bitale_run(void) { return cexp(1.0 + 2.0 * I); }\n"
    assert build.build(complicated, effort=0).is_file(), "the usual compiler takes what TinyCC does not"


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(settings, "cache_dir", tmp_path / "file" / "cache")
    with pytest.warns(RuntimeWarning, match=r"Bitale cannot keep compiled functions in .*file/cache") as warned:
        path = build.build(SOURCE)
        build.build(SOURCE + "\n")
    assert len(warned) == 1
    assert works(path) and not str(path).startswith(str(tmp_path))
    monkeypatch.setattr(build, "compile_source", None)
    assert build.build(SOURCE) == path


PROGRAM = """
import sys
from bitale_backend_c import build, loaded
from tests.backend_c.handwritten import SOURCE
path = build.build(SOURCE)
print(path, loaded.load(path, "add_one") != 0)
"""


@pytest.mark.slow
def test_processes_that_compile_the_same(tmp_path):
    environment = {**os.environ, "BITALE_CACHE": str(tmp_path / "shared")}
    runs = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    answers = {run.communicate()[0] for run in runs}
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert len(answers) == 1 and answers.pop().endswith("True\n")
    assert len(list((tmp_path / "shared" / "functions").iterdir())) == 1


PREPARED = """
from bitale_backend_c import shim
shim.prepare()
shim.prepare()
print(shim.load() is shim.load(), shim.load().__name__)
"""


@pytest.mark.slow
def test_the_shim_beside_other_work(tmp_path):
    for cache, answer in [(tmp_path, "True bitale_shim\n")] * 2:
        environment = {**os.environ, "BITALE_CACHE": str(cache)}
        run = subprocess.run(
            [sys.executable, "-c", PREPARED], env=environment, capture_output=True, text=True, check=True
        )
        assert run.stdout == answer and run.stderr == ""
    run = subprocess.run(
        [sys.executable, "-c", "from bitale_backend_c import shim; shim.prepare()"],
        env={**os.environ, "BITALE_CC": "none"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stderr == "", "the compiler's absence is told to who needs it"


def test_the_shim_without_python_headers(monkeypatch):
    monkeypatch.setattr(shim.sysconfig, "get_path", lambda name: "/nonexistent")
    with pytest.warns(RuntimeWarning, match=r"could not compile the module.*Python.h is missing.*python3-dev"):
        module = shim.compiled()
    call = function(module, "add_one_vector", [VECTOR], [returned(1)])
    np.testing.assert_array_equal(call(np.zeros(3)), np.ones(3))


def test_the_shim_with_a_compiler_that_fails(tmp_path, monkeypatch):
    script = tmp_path / "broken-cc"
    script.write_text('#!/bin/sh\ncase "$1" in --version) echo "broken 2.0 gcc";; *) echo no luck; exit 3;; esac\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(settings, "compiler", str(script))
    with pytest.warns(RuntimeWarning, match=r"could not compile the module that makes calls fast \(no luck\)"):
        assert shim.compiled() is fallback

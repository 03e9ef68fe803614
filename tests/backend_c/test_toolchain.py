"""Compilers are found, described once, and given flags that keep floating-point numbers honest."""

from __future__ import annotations

import os
import shutil
import stat

import pytest

from bitale_backend_c import toolchain
from bitale_backend_c.settings import settings
from bitale_backend_c.toolchain import Toolchain, family_of


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "cache_dir", tmp_path / "cache")


@pytest.mark.parametrize(
    ("command", "version", "family"),
    [
        ("gcc", "gcc (Debian 12.2.0-14) 12.2.0\nCopyright (C) 2022 Free Software Foundation, Inc.", "gcc"),
        ("cc", "cc (Ubuntu 13.2.0) 13.2.0\nCopyright (C) 2023 Free Software Foundation, Inc.", "gcc"),
        ("clang", "Debian clang version 14.0.6", "clang"),
        ("cc", "Apple clang version 15.0.0 (clang-1500.1.0.2.5)", "clang"),
        ("tcc", "tcc version 0.9.28rc 2025-10-17 mob@01d1b7b (x86_64 Linux)", "tcc"),
        ("python -m ziglang cc", "clang version 20.1.2", "zig"),
        ("icc", "icc 2021", "other"),
    ],
)
def test_families(command, version, family):
    assert family_of(tuple(command.split()), version) == family


@pytest.mark.parametrize("family", toolchain.FAMILIES)
def test_no_flag_breaks_special_values(family):
    for threads in (1, 2):
        flags = Toolchain(("cc",), family, "1", True).flags(threads, 2)
        assert not {"-ffast-math", "-Ofast", "-ffinite-math-only", "-funsafe-math-optimizations"} & set(flags)
        assert ("-fopenmp" in flags) == (threads > 1)


def test_flags_of_the_settings(monkeypatch):
    monkeypatch.setattr(settings, "flags", "-DA=1 '-DB=x y'")
    assert toolchain.toolchain().flags()[-2:] == ("-DA=1", "-DB=x y")


@pytest.mark.parametrize(("effort", "flag"), [(0, "-O1"), (1, "-O2"), (2, "-O3"), (9, "-O3")])
def test_effort(effort, flag):
    assert flag in Toolchain(("gcc",), "gcc", "12", True).flags(effort=effort)


def test_huge_sources_get_cheaper_flags():
    gcc = Toolchain(("gcc",), "gcc", "12", True)
    assert "-fno-gcse" in gcc.flags(length=toolchain.HUGE + 1)
    assert "-fno-gcse" not in gcc.flags(length=toolchain.HUGE)
    assert "-fno-gcse" not in gcc.flags(effort=2, length=toolchain.HUGE + 1)
    assert Toolchain(("clang",), "clang", "14", True).flags(length=toolchain.HUGE + 1)[-1] != "-fno-gcse"


def test_tinycc_finds_its_own_library(tmp_path):
    """Its code for uint64 and float calls functions of libtcc1, which it looks for where it was built."""
    (tmp_path / "lib" / "tcc").mkdir(parents=True)
    tcc = Toolchain((str(tmp_path / "bin" / "tcc"),), "tcc", "0.9.28", False)
    assert f"-B{tmp_path / 'lib' / 'tcc'}" in tcc.flags() and tcc.libraries == ("-ltcc1",)


def compiler_that_counts(path, version):
    path.write_text(f'#!/bin/sh\necho asked >> "{path}.log"\necho "{version}"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_a_compiler_is_asked_once(tmp_path):
    path = tmp_path / "my-cc"
    compiler_that_counts(path, "gcc 1.0")
    first = toolchain.remembered((str(path),), str(path))
    assert first == toolchain.remembered((str(path),), str(path))
    assert first.version == "gcc 1.0" and first.family == "gcc"
    log = tmp_path / "my-cc.log"
    assert log.read_text() == "asked\n"
    compiler_that_counts(path, "gcc 2.0.0")
    assert toolchain.remembered((str(path),), str(path)).version == "gcc 2.0.0"


def test_a_spoilt_memory_is_replaced(tmp_path):
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("no gcc")
    first = toolchain.remembered(("gcc",), gcc)
    (file,) = (settings.cache_dir / "compilers").iterdir()
    for spoilt in ("", "[]", '{"command": 1}'):
        file.write_text(spoilt)
        assert toolchain.remembered(("gcc",), gcc) == first


def test_candidates(monkeypatch):
    monkeypatch.setattr(settings, "compiler", "")
    monkeypatch.setenv("CC", "ccache gcc")
    assert list(toolchain.candidates())[:3] == [("ccache", "gcc"), ("gcc",), ("clang",)]
    monkeypatch.setattr(settings, "compiler", "clang-18 -m64")
    assert list(toolchain.candidates()) == [("clang-18", "-m64")]
    monkeypatch.setattr(settings, "compiler", "none")
    assert list(toolchain.candidates()) == []


def test_the_identity_names_the_processor():
    identity = toolchain.toolchain().identity
    assert toolchain.processor_flags() in identity and len(toolchain.processor_flags()) > 3
    if os.path.exists("/proc/cpuinfo"):
        assert "\n" in identity

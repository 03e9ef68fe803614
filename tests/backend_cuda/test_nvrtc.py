"""NVRTC compiles for a named architecture without a GPU, and says what is wrong with a text."""

from __future__ import annotations

import pytest

from bitale_backend_c.settings import settings
from bitale_backend_cuda import nvrtc
from bitale_backend_cuda.errors import CompileError
from tests.backend_cuda.handwritten import SOURCE
from tests.support.cuda.nvrtc import ARCHITECTURES, needs_nvrtc, report

FAULTY = 'extern "C" __global__ void f(float* a) {\n    a[0] = missing;\n}\n'


@needs_nvrtc
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_the_emulation_runs_compiles_without_a_warning(architecture):
    found = report(SOURCE, architecture)
    assert found.code.startswith(b"\x7fELF") and not found.warnings
    assert 16 <= found.kernels["softmax"].registers <= 255
    assert found.kernels["matmul"].shared == 512
    assert not any(usage.spilled for usage in found.kernels.values())


@needs_nvrtc
def test_warnings_and_spills_are_reported():
    text = """
    extern "C" __global__ void __launch_bounds__(1024, 2) many(double* a) {
        double v[64];
        int unused;
        #pragma unroll
        for (int i = 0; i < 64; i++) v[i] = a[threadIdx.x + 1024 * i];
        __syncthreads();
        #pragma unroll
        for (int i = 0; i < 64; i++) a[threadIdx.x + 1024 * i] = v[63 - i] + v[i];
    }"""
    found = report(text)
    assert len(found.warnings) == 1 and "unused" in found.warnings[0]
    assert found.kernels["many"].registers <= 32 and found.kernels["many"].spilled > 0


@needs_nvrtc
def test_an_error_shows_the_line(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "cache_dir", tmp_path)
    with pytest.raises(CompileError) as caught:
        nvrtc.compile(FAULTY, "sm_90")
    message = str(caught.value)
    assert 'function.cu(2): error: identifier "missing" is undefined' in message
    assert ">    2 |     a[0] = missing;" in message and "-arch=sm_90" in message
    (log,) = tmp_path.glob("failures/*/log.txt")
    assert str(log) in message and log.with_name("function.c").read_text() == FAULTY
    with pytest.raises(CompileError, match="sm_7"):
        nvrtc.compile(SOURCE, "sm_7")


@needs_nvrtc
def test_machine_code_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "cache_dir", tmp_path)
    text = 'extern "C" __global__ void f(float* a) { a[0] = 1; }'
    code = nvrtc.compile(text, "sm_90")
    monkeypatch.setattr(nvrtc, "compile_text", None)
    assert nvrtc.compile(f"/* a comment */{text}", "sm_90") == code
    with pytest.raises(TypeError):
        nvrtc.compile(text, "sm_80")


def test_without_nvrtc_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(nvrtc, "candidates", lambda: iter(["/nowhere/libnvrtc.so.12"]))
    nvrtc.library.cache_clear()
    with pytest.raises(CompileError, match=r"(?s)No libnvrtc was found.*/nowhere/libnvrtc.so.12.*\[cuda12\]"):
        nvrtc.library()
    monkeypatch.undo()
    nvrtc.library.cache_clear()

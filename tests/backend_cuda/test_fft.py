"""Fourier transforms on GPUs: one call of cuFFT for all rows, in memory of the call, recorded like all else."""

from __future__ import annotations

import gc
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from bitale_backend_c.compile import ready
from bitale_backend_cuda import compile
from bitale_backend_cuda.compile import lower_and_emit
from bitale_backend_cuda.errors import LaunchError
from bitale_backend_cuda.fft import KEPT, PARAMETERS, FourierTransform, Plan, Plans
from bitale_graph import Graph
from bitale_graph import functions as F
from bitale_graph.functions import fft
from bitale_graph.functions.control.loop import scan
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.device import any_driver
from tests.support.cuda.emulated import EmulatedDriver
from tests.support.values import generic


def spectrum_power() -> Graph:
    x = F.matrix("x")
    return Graph([x], [F.absolute(fft.rfft(x - 1, axis=0)) ** 2])


def test_what_moves_axes_is_fused_and_one_call_does_all_rows():
    host = lower_and_emit(ready(spectrum_power()), "f").host
    assert host.count("call.fft(FourierTransform('rfft', 'float64', x_0, x_1") == 1
    assert host.count("call.launch") == 2  # the rows, and their power


@needs_compiler
def test_functions_of_several_transforms():
    x, n = F.matrix("x"), F.lscalar("n")
    outputs = [fft.ifft2(x), fft.irfft(fft.rfft(x), x.shape[1]), fft.fft(x, n, axis=0, norm="ortho"), fft.hfft(x)]
    function = compile(Graph([x, n], outputs), driver=any_driver())
    value = generic((5, 7), "float64")
    wanted = [np.fft.ifft2(value), value, np.fft.fft(value, 9, axis=0, norm="ortho"), np.fft.hfft(value)]
    for _ in range(3):
        for found, right in zip(function(value, 9), wanted, strict=True):
            np.testing.assert_allclose(found, right, atol=1e-13)


@needs_compiler
def test_a_spectrum_survives_its_inverse_transforms():
    """cuFFT overwrites what it transforms to real numbers, and minds parts that NumPy does not look at."""
    z, driver = F.zmatrix("z"), EmulatedDriver()
    function = compile(Graph([z], [fft.irfft(z), fft.irfft(z, 7), z + 1]), driver=driver)
    value = generic((3, 4), "complex128")
    given = driver.to_device(value)
    for _ in range(4):
        even, odd, more = map(driver.to_host, function(given))
        np.testing.assert_allclose(even, np.fft.irfft(value), atol=1e-14)
        np.testing.assert_allclose(odd, np.fft.irfft(value, 7), atol=1e-14)
        np.testing.assert_array_equal(more, value + 1)
    np.testing.assert_array_equal(driver.to_host(given), value)


@needs_compiler
def test_calls_are_recorded(monkeypatch):
    x, driver = F.zvector("x"), EmulatedDriver()
    function = compile(Graph([x], [fft.fft(x) * 2]), driver=driver)
    value = generic((6,), "complex128")
    given, result, empty = driver.to_device(value), driver.empty((6,), "complex128"), driver.empty
    monkeypatch.setattr(driver, "empty", lambda shape, dtype: result if shape == (6,) else empty(shape, dtype))
    for _ in range(6):
        function(given)
        np.testing.assert_allclose(driver.to_host(result), 2 * np.fft.fft(value), rtol=1e-13)
    assert driver.counts["replays"] > 2 and driver.counts["transforms"] < 6


@needs_compiler
def test_the_steps_of_a_loop_work_in_the_same_memory():
    x, driver = F.zmatrix("x"), EmulatedDriver()
    state, _ = scan(lambda h, row: (fft.fft(h) + fft.ifft(row),) * 2, F.zeros_like(x[0]), x)
    function = compile(Graph([x], [state]), driver=driver)
    values = generic((12, 50), "complex128") / 10
    wanted = np.zeros(50, complex)
    for row in values:
        wanted = np.fft.fft(wanted) + np.fft.ifft(row)
    np.testing.assert_allclose(function(values)[0], wanted, rtol=1e-10)
    assert driver.counts["transforms"] == 24 and driver.heap.allocations < 16


@needs_compiler
def test_lengths_are_checked():
    x, n = F.zvector("x"), F.lscalar("n")
    function = compile(Graph([x, n], [fft.fft(x, n)]), driver=EmulatedDriver())
    with pytest.raises(ValueError, match="fft: the number of points must be at least 1, not 0"):
        function(np.zeros(3, complex), 0)
    assert function(np.zeros(0, complex), 2)[0].tolist() == [0, 0]


# ---- cuFFT, as far as it can be seen without one ---------------------------------------------------------------------


class Routines(SimpleNamespace):
    """cuFFT's routines, which write down what they are asked."""

    def __init__(self, **status: int) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.counts: Counter[str] = Counter()
        for name in PARAMETERS:
            setattr(self, name, lambda *given, name=name: self._call(name, given, status.get(name, 0)))

    def _call(self, name: str, given: tuple[object, ...], status: int) -> int:
        assert len(given) == len(PARAMETERS[name])
        self.calls.append((name, *given))
        self.counts[name] += 1
        if name == "cufftCreate":
            given[0]._obj.value = 40 + self.counts[name]
        if name == "cufftMakePlanMany64":
            given[-1]._obj.value = 1000
        return status


@pytest.mark.parametrize(
    ("name", "dtype", "kind", "executed"),
    [
        ("fft", "float32", 0x29, ("cufftExecC2C", -1)), ("ifft", "float64", 0x69, ("cufftExecZ2Z", 1)),
        ("rfft", "float32", 0x2A, ("cufftExecR2C",)), ("irfft", "float64", 0x6C, ("cufftExecZ2D",)),
    ],
)  # fmt: skip
def test_a_plan_works_in_memory_that_it_is_given(name, dtype, kind, executed):
    routines = Routines()
    plan = Plan(routines, FourierTransform(name, dtype, 12, 5))
    assert plan.room == 1000
    create, automatic, made = routines.calls
    assert (create[0], automatic) == ("cufftCreate", ("cufftSetAutoAllocation", 41, 0))
    assert made[:3] == ("cufftMakePlanMany64", 41, 1) and made[3]._obj.value == 12 and made[10:12] == (kind, 5)
    routines.calls.clear()
    plan.run(7, 100, 200, 300)
    routine, *direction = executed
    assert routines.calls == [
        ("cufftSetStream", 41, 7), ("cufftSetWorkArea", 41, 300), (routine, 41, 100, 200, *direction),
    ]  # fmt: skip


def test_what_cufft_says_is_passed_on():
    asked = FourierTransform("fft", "float32", 12, 5, "fft(x) at line 3")
    with pytest.raises(LaunchError, match=r"MakePlanMany64 failed with CUFFT_INVALID_SIZE, for fft of 5 rows of 12"):
        Plan(Routines(cufftMakePlanMany64=8), asked)
    plan = Plan(Routines(cufftExecC2C=6), asked)
    with pytest.raises(LaunchError, match=r"CUFFT_EXEC_FAILED, for (.|\n)*while computing fft\(x\) at line 3"):
        plan.run(0, 1, 2, 3)


def test_plans_are_kept_until_many_others_are_asked_for(monkeypatch):
    routines = Routines()
    monkeypatch.setattr("bitale_backend_cuda.fft.library", lambda *about: routines)
    plans = Plans()
    asked = [FourierTransform("fft", "float64", n, 1, f"line {n}") for n in range(1, KEPT + 3)]
    first = plans.plan(asked[0])
    assert plans.plan(asked[0]._replace(note="elsewhere")) is first
    for each in asked[1:]:
        plans.plan(each)
    gc.collect()
    assert routines.counts["cufftDestroy"] == 1  # the second: the first is in use here
    assert plans.plan(asked[-1]) is plans.plan(asked[-1])
    del first
    gc.collect()
    assert routines.counts["cufftDestroy"] == 2

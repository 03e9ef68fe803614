"""CUDA kernels run without a GPU: sound ones as on a GPU, faulty ones with a message that says what is wrong."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import numpy as np
import pytest

from bitale_backend_c.settings import settings
from bitale_backend_c.toolchain import processor_flags
from bitale_backend_cuda.errors import CompileError, LaunchError
from tests.backend_cuda.handwritten import check, launch
from tests.support import sanitized
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.emulated import EmulatedDriver

pytestmark = needs_compiler


@pytest.fixture
def driver() -> EmulatedDriver:
    return EmulatedDriver()


@pytest.mark.parametrize("seed", range(5))
def test_kernels_compute_what_they_should_in_any_order(seed):
    check(EmulatedDriver(seed=seed))


def test_stacks_change_with_ucontext_too(driver, monkeypatch):
    monkeypatch.setattr(settings, "flags", f"{settings.flags} -DBITALE_UCONTEXT")
    check(driver)


def test_atomic_operations_and_the_functions_of_numbers(driver):
    out = driver.empty((32,), "int64")
    numbers = driver.to_device(np.array([0.3, 1e-9, 1.9, 4.0, -0.2, 3.0, 1.0]))
    launch(driver, "functions", 1, 64, out, numbers)
    found, (inverse_erfc, inverse_tail, negative, inverse_root, inverse_erf, contracted, rounded) = map(
        driver.to_host, (out, numbers)
    )
    t = range(64)
    assert found[:9].tolist() == [sum(t), 63, -63, 63, 0, 0, 64, 2**62 + 5, 7]
    assert found[9:18].tolist() == [3, -1, 2**62 - 1, 3, 31, 63, 3, 4, 5]
    assert found[18:21].tolist() == [0x3F800000, 0x4000000000000000, 2**32 - 1]
    assert math.isclose(math.erfc(inverse_erfc), 0.3, rel_tol=1e-14)
    assert math.isclose(math.erfc(inverse_tail), 1e-9, rel_tol=1e-13)
    assert math.isclose(math.erfc(negative), 1.9, rel_tol=1e-14)
    assert abs(contracted) < 1e-16 and rounded == 0
    assert (contracted != 0) == (" fma " in processor_flags())
    assert inverse_root == 0.5 and math.isclose(math.erf(inverse_erf), -0.2, rel_tol=1e-14)


def test_warps_vote_and_exchange(driver):
    out, t = driver.empty((5, 64), "int32"), np.arange(64)
    launch(driver, "votes", 1, 64, out)
    ballot, some, block, shuffled, halves = driver.to_host(out)
    lane = t % 32
    assert (ballot == np.uint32(sum(1 << k for k in range(0, 32, 3))).astype("int32")).all()
    assert (some == np.where(t < 32, 2, 1)).all()
    assert (block == 40 + 100).all()
    assert (shuffled == np.where(lane == 0, t, t - 1) + 100 * (t // 8 * 8 + 1)).all()
    assert (halves == np.where(lane < 16, np.where(lane == 15, t, t + 1), t ^ 1)).all()


def order(seed: int) -> list[int]:
    driver = EmulatedDriver(seed=seed)
    count, places = driver.to_device(np.zeros(1, "int32")), driver.empty((4, 32), "int32")
    launch(driver, "order", 4, 32, count, places)
    return driver.to_host(places).ravel().tolist()


def test_the_order_of_blocks_and_threads_is_random_and_repeats_with_its_seed():
    assert sorted(order(1)) == list(range(128)) != order(1)
    assert order(1) == order(1) != order(2)


def test_a_missing_barrier_is_seen_as_poison():
    def total(seed: int) -> float:
        driver = EmulatedDriver(seed=seed)
        out = driver.empty((1,), "float32")
        launch(driver, "missing_barrier", 1, 64, out)
        return float(driver.to_host(out)[0])

    assert any(np.isnan(total(seed)) for seed in range(3))


FAULTS: dict[str, tuple[int, tuple, str]] = {
    "two_barriers": (64, (40,), r"Threads 0 to 39 wait in __syncthreads in line \d+\. Threads 40 to 63 wait in __sync"),
    "half_a_warp": (32, ("out",), r"Threads 0 to 15 wait in __shfl_xor_sync in line \d+ for the lanes 0xffffffff\."),
    "early_return": (64, ("out", "out", 40), r"Threads 0 to 39 wait in __syncthreads in line \d+\. Threads 40 to 63 r"),
    "past_a_shared_array": (64, ("out", 64), r"index 64 of an array 'float \[64\]'"),
    "beside": (1, ("out", 2**50), r"block \d, thread 0: signal 11"),
    "deep": (1, ("out", 90), r"block \d, thread 0: its stack of 65536 bytes is full"),
    "endless": (1, ("out",), r"block \d, thread 0: still running after 0.05 seconds"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_and_the_device_stays_usable(name):
    block, arguments, message = FAULTS[name]
    driver = EmulatedDriver(seconds=0.05)
    out = driver.to_device(np.zeros(64, "float32"))
    launch(driver, name, 3, block, *(out if a == "out" else a for a in arguments))
    with pytest.raises(LaunchError, match=f"kernel {name}: .*{message}"):
        driver.synchronise()
    launch(driver, "scale", 1, 64, out, out, 64)
    driver.synchronise()


def test_endless_recursion_is_no_crash(driver):
    out = driver.to_device(np.zeros(1, "float32"))
    launch(driver, "deep", 1, 1, out, 10**9)
    with pytest.raises(LaunchError, match="signal 11"):
        driver.synchronise()


def test_barriers_that_all_threads_meet_are_no_fault(driver):
    launch(driver, "two_barriers", 1, 64, 64)
    driver.synchronise()


def test_vector_loads_are_aligned(driver):
    a, out = driver.empty((64,), "float32"), driver.empty((64,), "float32")
    launch(driver, "scale_by_four", 1, 32, a.address + 4, out, 60)
    with pytest.raises(LaunchError, match=r"line \d+: 'const struct float4' at address .* not a multiple of 16"):
        driver.synchronise()


def test_null_is_no_address(driver):
    launch(driver, "beside", 1, 1, 0, 0)
    with pytest.raises(LaunchError, match=r"line \d+: 'float' at address null"):
        driver.synchronise()


@pytest.mark.parametrize(("text", "message"), [
    ("a[0] = b;", ".b. was not declared"),
    ("volatile double space[8192]; space[0] = a[0];", "frame size"),
])  # fmt: skip
def test_what_does_not_compile_says_why(driver, text, message):
    with pytest.raises(CompileError, match=message):
        driver.compile(f'extern "C" __global__ void faulty(float* a) {{ {text} }}', "sm_90")


SANITIZED = """
from tests.backend_cuda.handwritten import check, launch
from tests.support.cuda.emulated import EmulatedDriver
driver = EmulatedDriver()
check(driver)
out = driver.empty((64,), "float32")
launch(driver, "two_barriers", 1, 64, 40)
try:
    driver.synchronise()
except Exception as error:
    print(error)
launch(driver, "past_a_shared_array", 1, 64, out, 63)
launch(driver, "beside", 1, 1, out, 63)
driver.synchronise()
print("sound", flush=True)
launch(driver, "beside", 1, 1, out, 64)
driver.synchronise()
"""


@pytest.mark.skipif(not sanitized.libraries(), reason="gcc has no AddressSanitizer here")
def test_address_sanitizer_sees_an_access_beside_an_array():
    environment = {
        **os.environ, "LD_PRELOAD": " ".join(sanitized.libraries()), "ASAN_OPTIONS": sanitized.OPTIONS,
        "BITALE_CFLAGS": sanitized.FLAGS,
    }  # fmt: skip
    program = f"import tests.support.sanitized\n{SANITIZED}"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False)
    assert "sound" in run.stdout, run.stderr
    assert "the threads do not meet" in run.stdout
    assert "heap-buffer-overflow" in run.stderr
    assert "in beside" in run.stderr and "function.cu:" in run.stderr

"""What bad input and bad surroundings get: a message that says what is wrong, and a device that can still be used."""

from __future__ import annotations

import re
import subprocess
import sys
from threading import Thread
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from bitale_backend_c.settings import settings
from bitale_backend_cuda import (
    CompileError,
    CudaNotAvailable,
    LaunchError,
    OutOfMemory,
    WrongDevice,
    compile,
    devices,
    nvrtc,
)
from bitale_backend_cuda.cupy_driver import CupyDriver, CupyModule
from bitale_graph import Graph, Variable, tensor_type
from bitale_graph import functions as T
from bitale_graph.errors import ArgumentError
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.emulated import EmulatedDriver
from tests.support.cuda.nvrtc import needs_nvrtc


def vector(name: str = "x") -> Variable:
    return Variable(tensor_type("float64", (None,)), None, 0, name)


# ---- no device -------------------------------------------------------------------------------------------------------


def test_importing_bitale_never_imports_cupy():
    program = "import sys, bitale, bitale_backend_cuda; assert not {'cupy', 'cupy_backends'} & set(sys.modules)"
    pytest.importorskip("bitale")
    subprocess.run([sys.executable, "-c", program], check=True)


class FakeError(RuntimeError):
    """CuPy's error of the CUDA runtime."""


class FakeOutOfMemory(MemoryError):
    """CuPy's error of its pool."""


def fake(monkeypatch: pytest.MonkeyPatch, version: int = 12040, count: int | str = 1) -> ModuleType:
    """A CuPy that finds `count` devices (or says why it cannot), under a driver of a version."""
    cupy = ModuleType("cupy")
    runtime = ModuleType("cupy_backends.cuda.api.runtime")

    def count_devices() -> int:
        if isinstance(count, str):
            raise FakeError(count)
        return count

    runtime.driverGetVersion = lambda: version
    runtime.getDeviceCount = count_devices
    runtime.CUDARuntimeError = FakeError
    runtime.free = lambda address: None
    about = {"major": 9, "minor": 0, "multiProcessorCount": 132, "sharedMemPerBlockOptin": 232448}
    runtime.getDeviceProperties = lambda ordinal: about

    def empty(shape: tuple[int, ...], dtype: str) -> None:
        raise FakeOutOfMemory("Out of memory allocating 800 bytes (allocated so far: 0 bytes).")

    class Device:
        def __init__(self, ordinal: int) -> None:
            self.id = ordinal

        def __enter__(self) -> None: ...
        def __exit__(self, *error: object) -> None: ...

    class Array:
        data = SimpleNamespace(ptr=0, device_id=1)

    cupy.cuda = SimpleNamespace(
        runtime=runtime, Device=Device, memory=SimpleNamespace(OutOfMemoryError=FakeOutOfMemory)
    )
    cupy.ndarray, cupy.empty = Array, empty
    cupy.cuda.get_current_stream = lambda ordinal=0: SimpleNamespace(ptr=0)
    api = ModuleType("cupy_backends.cuda.api")
    api.driver, api.runtime = ModuleType("driver"), runtime

    def refuse(*arguments: int) -> None:
        raise FakeError("CUDA_ERROR_INVALID_VALUE: invalid argument")

    api.driver.launchKernel, api.driver.CUDADriverError = refuse, FakeError
    for name, module in {"cupy": cupy, "cupy_backends": ModuleType("cupy_backends"),
                         "cupy_backends.cuda": ModuleType("cupy_backends.cuda"), "cupy_backends.cuda.api": api}.items():
        monkeypatch.setitem(sys.modules, name, module)  # fmt: skip
    return cupy


ABSENT = [
    ({"version": 0}, "this machine has no NVIDIA driver"),
    ({"version": 11080}, "the driver knows CUDA 11.8, and 12.0 is needed: update it"),
    ({"count": 0}, "this machine has no GPU"),
    ({"count": "cudaErrorNoDevice: none is detected"}, "CuPy finds no GPU: cudaErrorNoDevice: none is detected"),
]


@pytest.mark.parametrize(("machine", "message"), ABSENT)
def test_a_machine_without_a_usable_gpu_says_what_is_missing(monkeypatch, machine, message):
    fake(monkeypatch, **machine)
    monkeypatch.setattr(devices, "_drivers", {})
    with pytest.raises(CudaNotAvailable, match=re.escape(message)) as caught:
        compile(Graph([x := vector()], [2 * x]))
    assert 'Use mode="c", or install CuPy for your driver: pip install "bitale[cuda12]"' in str(caught.value)


def test_without_cupy_the_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(CudaNotAvailable, match=r'(?s)a GPU needs CuPy, which cannot be imported.*"bitale\[cuda12\]"'):
        CupyDriver()


def test_a_gpu_of_a_number_that_there_is_not(monkeypatch):
    fake(monkeypatch, count=2)
    with pytest.raises(CudaNotAvailable, match="there is no GPU number 2: this machine has 2"):
        CupyDriver(2)


def test_what_cupy_says_of_memory_and_of_other_devices(monkeypatch):
    cupy = fake(monkeypatch)
    driver = CupyDriver()
    assert (driver.architecture, driver.processors) == ("sm_90", 132)
    with pytest.raises(OutOfMemory, match="Out of memory allocating 800 bytes"):
        driver.empty((100,), "float64")
    with pytest.raises(WrongDevice, match="an array on device 1, for a function on device 0"):
        driver.accept(cupy.ndarray())
    assert driver.accept(np.zeros(2)) is None and driver.accept([1.0]) is None
    kernel, wanted = CupyModule(7, lambda module, name: 1).kernel("scale"), "(CUDA_ERROR_INVALID_VALUE"
    with pytest.raises(LaunchError, match=f"kernel scale could not be launched {re.escape(wanted)}.*0 blocks of 32 th"):
        driver.launch(kernel, 0, 32, 0, (1, 2))


@needs_compiler
def test_a_launch_that_fails_says_what_it_was_to_compute(monkeypatch):
    x, w, b = T.matrix("x"), T.matrix("w"), T.vector("b")
    driver = EmulatedDriver(epilogues=False)
    function = compile(Graph([x, w, b], [T.exp(x) @ w + b], name="layer"), driver=driver)
    given, launch = (np.ones((3, 4)), np.ones((4, 5)), np.ones(5)), driver.launch

    def failing(kernel, *arguments):
        if name in kernel.name:
            raise LaunchError(f"kernel {kernel.name} could not be launched")
        return launch(kernel, *arguments)

    monkeypatch.setattr(driver, "launch", failing)
    for name, expression in (("exp", r"exp\(x\)"), ("finish", r"exp\(x\) @ w \+ b")):
        wanted = rf"layer: kernel \w*{name}\w* could not be launched\n  while computing {expression} .*_errors\.py:\d+"
        with pytest.raises(LaunchError, match=wanted):
            function(*given)


def test_an_array_of_another_stream_is_waited_for_by_ours_not_by_the_host(monkeypatch):
    cupy, did = fake(monkeypatch), []
    runtime = cupy.cuda.runtime
    runtime.eventDisableTiming, runtime.eventCreateWithFlags = 2, lambda flags: 99
    runtime.eventRecord = lambda event, stream: did.append(("record", event, stream))
    runtime.streamWaitEvent = lambda stream, event: did.append(("wait", stream, event))
    runtime.eventDestroy = lambda event: did.append(("destroy", event))
    cupy.asarray = lambda value: SimpleNamespace(data=SimpleNamespace(device_id=0), given=value)
    interface = {"shape": (3,), "typestr": "<f4", "data": (4096, True), "version": 3, "stream": 7}
    given = SimpleNamespace(__cuda_array_interface__=interface)
    array = CupyDriver().accept(given)
    assert "stream" not in array.given.__cuda_array_interface__ and array.given.value is given
    assert did == [("record", 99, 7), ("wait", 0, 99), ("destroy", 99)]


def test_a_call_on_another_stream_comes_after_the_last_one(monkeypatch):
    cupy, did = fake(monkeypatch), []
    runtime, stream = cupy.cuda.runtime, SimpleNamespace(ptr=0)
    cupy.cuda.get_current_stream = lambda ordinal=None: stream
    runtime.eventDisableTiming, runtime.eventCreateWithFlags = 2, lambda flags: 99
    runtime.eventRecord = lambda event, at: did.append(("record", at))
    runtime.streamWaitEvent = lambda at, event: did.append(("wait", at))
    runtime.eventDestroy = lambda event: None
    runtime.deviceSynchronize = lambda: did.append(("all",))
    driver = CupyDriver()
    for ptr in (0, 0, 7, 7, 0, 2, 2):
        stream.ptr = ptr
        with driver.active():
            pass
    assert did == [("record", 0), ("wait", 7), ("record", 7), ("wait", 0), ("record", 0), ("wait", 2)]
    did.clear()
    another = Thread(target=lambda: driver.active())
    another.start()
    another.join()
    assert did == [("all",)]  # the stream of number 2 is another one in each thread


# ---- a device --------------------------------------------------------------------------------------------------------


@needs_compiler
def test_out_of_memory_tells_what_was_planned_and_leaves_the_device_usable():
    x, w = vector(), vector("w")
    driver = EmulatedDriver(limit=20_000)
    cells = [[np.arange(200.0)]]
    # The sum is needed before the second pass, so the exponentials are kept.
    kept = T.exp(x + w)
    function = compile(
        Graph([x, w], [T.cumsum(kept) / T.sum(kept), w + 1]), driver=driver, name="spread", cells=cells, updates={1: 0}
    )
    few = np.linspace(0, 1, 200)
    (before,) = function(few)
    held = driver.heap.used
    cells[0][0] = np.zeros(900)
    with pytest.raises(OutOfMemory) as caught:
        function(np.zeros(900))
    message = str(caught.value)
    assert re.match(r"spread: the device has [\d,]+ of 20,000 bytes free, and 14,848 were asked for\n", message)
    assert re.search(r"The call was to hold [\d,]+ bytes on the device:\n", message)
    assert re.search(r" 7,200 bytes  input x \(float64\)", message)
    assert re.search(r" 7,200 bytes  result \w+ \(float64\)", message)
    assert re.search(r" 7,200 bytes  temporary \w+ \(float64\)", message)
    cells[0][0] = np.arange(200.0)
    assert driver.heap.used <= held
    assert (function(few)[0] == before).all()


@needs_compiler
def test_out_of_memory_leaves_shared_variables_as_they_were():
    x, w = vector(), vector("w")
    driver, cells = EmulatedDriver(limit=10_000), [[np.zeros(3)]]
    function = compile(Graph([x, w], [w + 1, T.exp(x)]), driver=driver, cells=cells, updates={0: 0})
    with pytest.raises(OutOfMemory):
        function(np.zeros(900))
    assert cells[0][0].on_host().tolist() == [0, 0, 0]
    function(np.zeros(3))
    assert cells[0][0].on_host().tolist() == [1, 1, 1]


@needs_compiler
def test_out_of_memory_gives_back_what_recordings_hold():
    w = vector("w")
    kept, cells = T.exp(w), [[np.linspace(0, 1, 500)]]
    driver = EmulatedDriver(limit=34_000)
    function = compile(Graph([w], [T.cumsum(kept) / T.sum(kept)]), driver=driver, cells=cells, updates={0: 0})
    for _ in range(4):
        function()
    assert driver.counts["replays"] and driver.heap.used > 8_000
    cells[0][0] = np.linspace(0, 1, 1300)
    function()  # finds the memory that was kept for the other length
    assert cells[0][0].on_host()[-1] == pytest.approx(1)
    cells[0][0] = np.linspace(0, 1, 2000)
    with pytest.raises(OutOfMemory, match="The call was to hold 48,000 bytes"):
        function()


@needs_compiler
def test_an_array_on_another_device_is_named():
    driver, other = EmulatedDriver(), EmulatedDriver(ordinal=1)
    x = vector()
    function = compile(Graph([x], [2 * x]), driver=driver, name="twice")
    with pytest.raises(WrongDevice, match=r"(?s)twice: argument 0 \(`x`\) is an array on device 1, .*config.device"):
        function(other.to_device(np.zeros(3)))
    assert function(np.ones(3))[0].tolist() == [2, 2, 2]


@needs_compiler
def test_an_array_whose_elements_lie_between_is_refused():
    driver = EmulatedDriver()
    x = vector()
    function = compile(Graph([x], [2 * x]), driver=driver, name="twice")
    whole = driver.to_device(np.arange(96, dtype="uint8"))
    shifted = whole.seen(lambda a: a[4:84].view("float64"))
    between = whole.seen(lambda a: np.lib.stride_tricks.as_strided(a.view("float64"), (4,), (12,)))
    for given in (shifted, between):
        with pytest.raises(ArgumentError, match=r"twice: argument 0 \(`x`\) has elements between .*\n  Pass a copy"):
            function(given)
    assert function(whole.seen(lambda a: a.view("float64")[::-2]))[0].shape == (6,)


class Faulty(EmulatedDriver):
    """A device whose compiler gets a text with a mistake in it."""

    def compile(self, source: str, architecture: str) -> bytes:
        return nvrtc.compile(source.replace("2.0", "missing"), architecture)


@needs_nvrtc
def test_a_kernel_that_does_not_compile_shows_its_line_and_the_log(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "cache_dir", tmp_path)
    x = vector()
    function = compile(Graph([x], [2 * x]), driver=Faulty(), name="twice")
    with pytest.raises(CompileError) as caught:
        function(np.ones(3))
    message = str(caught.value)
    assert 'error: identifier "missing" is undefined' in message and "options: --std=c++17" in message
    assert re.search(r">  +\d+ | +result_0\[i\] = .*missing;", message)
    (log,) = tmp_path.glob("failures/*/log.txt")
    assert str(log) in message


@needs_compiler
def test_memory_that_ends_after_an_update_in_place_loses_nothing():
    x, w = vector(), vector("w")
    new = w + T.sum(x[x > 0])
    thrice = T.concatenate([T.exp(new)] * 3)
    graph, given, state = Graph([x, w], [thrice[thrice > 1], new]), np.linspace(-1, 1, 90), np.linspace(0, 1, 100)
    total, results = given[given > 0].sum(), set()
    for limit in range(2_000, 18_000, 800):
        driver, cells = EmulatedDriver(limit=limit), [[state]]
        function = compile(graph, driver=driver, cells=cells, updates={1: 0})
        try:
            function(given)
        except OutOfMemory:
            kept = cells[0][0] if isinstance(cells[0][0], np.ndarray) else cells[0][0].on_host()
            assert (kept == state).all()
            results.add(("refused", driver.counts["launches"] > 5))
        else:
            np.testing.assert_allclose(cells[0][0].on_host(), state + total, rtol=1e-14)
            results.add("done")
    assert results == {"done", ("refused", False), ("refused", True)}  # before the update, and after it

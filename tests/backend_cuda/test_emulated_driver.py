"""The emulated device: work waits in a queue, memory is poisoned and limited, recordings replay."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from bitale_backend_cuda.errors import LaunchError, OutOfMemory, WrongDevice
from bitale_backend_cuda.product import Product
from bitale_backend_cuda.work import Address, Work
from tests.backend_cuda.handwritten import SOURCE, launch
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.emulated import EmulatedDriver

pytestmark = needs_compiler


@pytest.fixture
def driver() -> EmulatedDriver:
    return EmulatedDriver()


def test_arrays_travel_and_stay(driver):
    for dtype in ("bool", "int8", "float16", "float32", "complex128"):
        array = np.arange(6).reshape(2, 3).astype(dtype)
        on_device = driver.to_device(array.T)
        assert (on_device.shape, on_device.dtype, on_device.nbytes) == ((3, 2), array.dtype, array.nbytes)
        assert on_device.strides == (2 * array.itemsize, array.itemsize)
        assert (driver.to_host(on_device) == array.T).all()
    with pytest.raises(TypeError, match="not copied to the host unasked"):
        np.asarray(on_device)
    assert driver.to_host(driver.empty((0, 3), "float64")).shape == (0, 3)


def test_new_memory_is_poisoned(driver):
    assert np.isnan(driver.to_host(driver.empty((3,), "float64"))).all()
    assert (driver.to_host(driver.empty((3,), "int16")) == -1).all()


def test_work_waits(driver):
    a, out = driver.to_device(np.ones(4, "float32")), driver.empty((4,), "float32")
    launch(driver, "scale", 1, 32, a, out, 4)
    assert np.isnan(out.on_host()).all() and driver.counts["waits"] == 0
    assert (driver.to_host(out) == 3).all()
    assert (driver.counts["launches"], driver.counts["waits"]) == (1, 1)


def test_memory_is_freed_in_the_order_of_the_stream(driver):
    a, out = driver.to_device(np.ones(4, "float32")), driver.empty((4,), "float32")
    address = a.address
    launch(driver, "scale", 1, 32, a, out, 4)
    del a
    assert (driver.to_host(out) == 3).all()
    launch(driver, "scale", 1, 32, address, out, 4)
    with pytest.raises(LaunchError, match=r"kernel scale: argument 0 = 0x\w+ is no memory of the device"):
        driver.synchronise()


def test_what_is_written_beside_an_array_or_into_freed_memory_is_found(driver):
    a, b = driver.to_device(np.ones(64, "float32")), driver.to_device(np.ones(64, "float32"))
    launch(driver, "beside", 1, 1, a, 64)
    with pytest.raises(LaunchError, match="kernel beside wrote beside the 256 bytes"):
        driver.synchronise()
    distance = (b.address - a.address) // 4
    del b
    launch(driver, "beside", 1, 1, a, distance)
    with pytest.raises(LaunchError, match=r"the 256 bytes at .* were written after they were freed"):
        driver.synchronise()
    driver.synchronise()


def test_out_of_memory():
    driver = EmulatedDriver(limit=1000)
    a = driver.empty((100,), "float64")
    with pytest.raises(OutOfMemory, match="200 of 1,000 bytes free, and 400 were asked for"):
        driver.empty((50,), "float64")
    assert (driver.heap.used, driver.heap.peak, driver.heap.allocations) == (800, 800, 1)
    del a
    assert driver.empty((125,), "float64").nbytes == driver.heap.used == driver.heap.peak == 1000


def test_launches_have_limits(driver):
    kernel = driver.load(driver.compile(SOURCE, "sm_90")).kernel("scale")
    good = (1, 32, 0, (0, 0, 0))
    for position, value, message in [
        (0, 0, "grid 0"), (0, 2**31, "grid"), (1, 512, "block 512 is not from 1 to 256"), (1, 0, "block"),
        (2, 228 * 1024, "shared memory"), (3, (0, 0), "takes 3 arguments, not 2"), (3, (0, 0, 2**63), "64-bit"),
    ]:  # fmt: skip
        with pytest.raises(LaunchError, match=message):
            driver.launch(kernel, *good[:position], value, *good[position + 1 :])
    with pytest.raises(TypeError):
        driver.launch(kernel, 1, 32, 0, (0, 0, 1.5))
    with pytest.raises(LaunchError, match="code for sm_80 does not run on sm_90"):
        driver.load(driver.compile(SOURCE, "sm_80"))


def test_recorded_work_replays_and_moves(driver):
    a, b = driver.to_device(np.ones(4, "float32")), driver.to_device(np.zeros(4, "float32"))
    out = driver.empty((4,), "float32")
    scale = driver.load(driver.compile(SOURCE, "sm_90")).kernel("scale")

    def works(source: Address, number: int = 4) -> list[Work]:
        launch = partial(driver.launch, scale, 1, 32, 0, (source, out.address, number))
        return [launch, partial(driver.copy, source, out.address, out.nbytes)]

    replay = driver.record(works(Address(a.address, 0)))
    assert (driver.to_host(a) == 1).all()
    replay.launch()
    replay.launch()
    assert (driver.to_host(a) == 7).all()
    replay.launch()
    for number, work in enumerate(works(Address(b.address, 0))):
        replay.update(number, work)  # what was launched before it still means what it meant
    replay.launch()
    assert (driver.to_host(a) == 15).all() and (driver.to_host(b) == 1).all()
    with pytest.raises(LaunchError, match="work 0 of a recording changes in more than addresses"):
        replay.update(0, works(Address(b.address, 0), 3)[0])
    for faulty in (driver.synchronise, partial(driver.empty, (1,), "int8"), partial(driver.to_host, a)):
        with pytest.raises(LaunchError, match="work that is recorded"):
            driver.record([faulty])


def test_what_is_fetched_comes_late(driver):
    a, seen = driver.to_device(np.array([5])), driver.pinned(8)
    driver.fetch(seen, a.address)
    driver.upload(a.address, np.array([6]))
    assert not seen.any()
    driver.synchronise()
    assert seen.view("int64") == [5]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("transpose", [(False, False), (True, False), (False, True), (True, True)])
def test_gemm(driver, dtype, transpose):
    random = np.random.default_rng(0)
    a, b, c = (random.normal(size=(2, *shape)).astype(dtype) for shape in ((3, 4), (4, 5), (3, 5)))
    left, right = (m.swapaxes(1, 2).copy() if t else m for m, t in zip((a, b), transpose))
    da, db, dc, empty = *map(driver.to_device, (left, right, c)), driver.empty(c.shape, dtype)
    both = Product(dtype, 3, 5, 4, batch=2, transposed=transpose)
    driver.gemm(both, 2.0, da.address, db.address, 1.0, dc.address)
    driver.gemm(both, 1.0, da.address, db.address, 0.0, empty.address)
    tolerance = 100 * float(np.finfo(dtype).eps)
    product = np.matmul(a.astype("float64"), b.astype("float64"))
    assert np.allclose(driver.to_host(dc), 2 * product + c, tolerance, tolerance)
    assert np.allclose(driver.to_host(empty), product, tolerance, tolerance)
    driver.gemm(both._replace(batch=3), 1.0, da.address, db.address, 0.0, empty.address)
    with pytest.raises(LaunchError, match=r"gemm: the .* bytes at .* are no memory of the device"):
        driver.synchronise()


class Foreign:
    """An array of another library on the device."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.__cuda_array_interface__ = {**array.__array_interface__, "version": 3}


def test_arrays_of_others(driver):
    array = np.arange(6.0).reshape(2, 3)
    mine = driver.to_device(array)
    assert driver.accept(array) is None and driver.accept(3.0) is None
    assert driver.accept(mine) is mine
    theirs = driver.accept(Foreign(array.T))
    assert theirs.address == array.ctypes.data and (driver.to_host(theirs) == array.T).all()
    assert theirs.strides == array.T.strides
    copy = driver.row_major(theirs)
    assert copy.strides == (16, 8) and (driver.to_host(copy) == array.T).all()
    assert driver.row_major(copy) is copy
    every_other = mine.seen(lambda a: a[:, ::2])
    assert (driver.to_host(driver.row_major(every_other)) == array[:, ::2]).all()
    with pytest.raises(WrongDevice, match="an array on device 1, for a function on device 0"):
        driver.accept(EmulatedDriver(ordinal=1).empty((2,), "float32"))


def test_elements_are_read(driver):
    a = driver.to_device(np.array([1.5, 2.5]))
    assert driver.download(a.address + 8, 8).view("float64") == [2.5]
    with pytest.raises(LaunchError, match="download"):
        driver.download(a.address + 16, 8)

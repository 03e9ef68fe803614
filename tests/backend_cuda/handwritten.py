"""The kernels written by hand, on an emulated device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.support.cuda.emulated import EmulatedDriver
from tests.support.cuda.memory import EmulatedArray

SOURCE = Path(__file__).with_name("kernels.cu").read_text()


def launch(
    driver: EmulatedDriver, name: str, grid: int, block: int, *arguments: Any, shared: int = 0, source: str = SOURCE
) -> None:
    """Launch a kernel; arrays stand for their addresses."""
    kernel = driver.load(driver.compile(source, driver.architecture)).kernel(name)
    values = [a.address if isinstance(a, EmulatedArray) else a for a in arguments]
    driver.launch(kernel, grid, block, shared, values)


def results(driver: EmulatedDriver) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What each sound kernel computes and what it should, by name."""
    random = np.random.default_rng(3)
    a, b = random.normal(size=(50, 30)).astype("float32"), random.normal(size=(30, 20)).astype("float32")
    x = random.normal(size=(13, 70))
    da, db, dx = map(driver.to_device, (a, b, x))

    scaled, product = driver.empty(a.shape, "float32"), driver.empty((50, 20), "float32")
    launch(driver, "scale", 3, 128, da, scaled, a.size)
    four = driver.empty(a.shape, "float32")
    launch(driver, "scale_by_four", 1, 96, da, four, a.size)
    launch(driver, "matmul", 7 * 3, 64, da, db, product, 50, 20, 30)
    soft, total = driver.empty(x.shape, "float64"), driver.to_device(np.zeros(1))
    launch(driver, "softmax", 2, 128, dx, soft, *x.shape)
    launch(driver, "total", 5, 64, dx, total, x.size, shared=64 * 8)
    backwards, numbers = driver.to_device(x.ravel()[:32]), driver.to_device(np.arange(32, dtype="int32"))
    launch(driver, "reverse", 1, 32, backwards, numbers)
    held, count = driver.to_device(np.zeros(1, "int32")), driver.to_device(np.zeros(1, "int64"))
    launch(driver, "lock", 3, 64, held, count)

    e = np.exp(x - x.max(axis=1, keepdims=True))
    wanted = {
        "scale": (scaled, 2 * a + 1), "scale_by_four": (four, 2 * a), "softmax": (soft, e / e.sum(1, keepdims=True)),
        "matmul": (product, a @ b), "total": (total, x.sum(keepdims=True)[0]),
        "reverse": (backwards, x.ravel()[31::-1]), "reverse (int)": (numbers, np.arange(32, dtype="int32")[::-1]),
        "lock": (count, np.array([192])),
    }  # fmt: skip
    return {name: (driver.to_host(array), right) for name, (array, right) in wanted.items()}


def check(driver: EmulatedDriver) -> None:
    for name, (got, wanted) in results(driver).items():
        assert np.allclose(got, wanted, rtol=1e-5, atol=1e-5), name

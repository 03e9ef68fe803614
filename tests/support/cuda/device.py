"""Which device tests run on: the emulated one, or a GPU where BITALE_TEST_DEVICE (or pytest --device) names one."""

from __future__ import annotations

import os
import shutil

import pytest

from bitale_backend_cuda.devices import driver_of
from bitale_backend_cuda.driver import Driver
from bitale_backend_cuda.errors import CudaNotAvailable
from tests.support.cuda.emulated import EmulatedDriver

VARIABLE = "BITALE_TEST_DEVICE"


def any_driver() -> Driver:
    """The driver of the device that was asked for, the emulated one unless that is a GPU."""
    chosen = os.environ.get(VARIABLE, "emulated")
    if chosen == "emulated":
        if shutil.which("g++") is None:
            pytest.skip("the emulation of CUDA needs g++")
        return EmulatedDriver()
    return gpu(int(chosen.removeprefix("cuda").removeprefix(":") or 0))


def gpu(ordinal: int = 0) -> Driver:
    """The driver of a GPU. Skips the test, with the reason, where there is none."""
    try:
        return driver_of(ordinal)
    except CudaNotAvailable as error:
        pytest.skip(str(error).splitlines()[0])

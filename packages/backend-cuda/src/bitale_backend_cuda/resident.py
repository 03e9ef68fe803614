"""A shared variable's value while it lives on a device."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bitale_backend_cuda.checks import known
from bitale_backend_cuda.devices import driver_of, one_at_a_time
from bitale_backend_cuda.driver import Array, Driver


@dataclass(frozen=True)
class Resident:
    """An array and the driver of its device. It stays there until somebody on the host asks for it."""

    driver: Driver
    array: Array

    @property
    def device(self) -> str:
        """The name of the device."""
        return f"cuda:{self.driver.ordinal}"

    def on_host(self) -> np.ndarray:
        """A copy on the host. Waits until it is computed. Raises the error of a call before it that failed."""
        with one_at_a_time, self.driver.active():
            copy = self.driver.to_host(self.array)
            known(self.driver)
            return copy


def resident(array: np.ndarray, ordinal: int = 0) -> Resident:
    """A copy of a host array on a GPU. Raises CudaNotAvailable, which says what is missing."""
    driver = driver_of(ordinal)
    with one_at_a_time, driver.active():
        return Resident(driver, driver.to_device(array))

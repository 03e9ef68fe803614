"""A shared variable's value while it lives on a device."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bitale_backend_cuda.devices import driver_of
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
        """A copy on the host. Waits until it is computed."""
        with self.driver.active():
            return self.driver.to_host(self.array)


def resident(array: np.ndarray, ordinal: int = 0) -> Resident:
    """A copy of a host array on a GPU. Raises CudaNotAvailable, which says what is missing."""
    driver = driver_of(ordinal)
    with driver.active():
        return Resident(driver, driver.to_device(array))

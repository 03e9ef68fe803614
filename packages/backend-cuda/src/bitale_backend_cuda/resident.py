"""A shared variable's value while it lives on a device."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bitale_backend_cuda.driver import Array, Driver


@dataclass(frozen=True)
class Resident:
    """An array and the driver of its device. It stays there until somebody on the host asks for it."""

    driver: Driver
    array: Array

    def on_host(self) -> np.ndarray:
        """A copy on the host. Waits until it is computed."""
        return self.driver.to_host(self.array)

"""The devices of this machine, each with its driver. Nothing of CUDA is loaded before one is asked for."""

from __future__ import annotations

from threading import RLock

from bitale_backend_cuda.driver import Driver

one_at_a_time = RLock()  # calls that launch: functions share variables, and the device's stream
_drivers: dict[int, Driver] = {}


def driver_of(ordinal: int = 0) -> Driver:
    """The driver of a GPU. Raises CudaNotAvailable, which says what is missing."""
    if ordinal not in _drivers:
        from bitale_backend_cuda.cupy_driver import CupyDriver

        _drivers[ordinal] = CupyDriver(ordinal)
    return _drivers[ordinal]


def in_use() -> list[Driver]:
    """The drivers of the devices that were asked for."""
    return list(_drivers.values())


def install(ordinal: int, driver: Driver | None) -> None:
    """Let `driver` stand for a GPU, as tests do without one; None takes it away again."""
    if driver is None:
        _drivers.pop(ordinal, None)
    else:
        _drivers[ordinal] = driver

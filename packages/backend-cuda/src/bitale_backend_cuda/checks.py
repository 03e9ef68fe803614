"""Checks that run on the device: what failed is raised when the host comes to know of it, without waiting for it.

Kernels leave the first check that failed in a word of their function, and do nothing while one is there. So the calls
that were launched after a failing one change nothing either, and the error can be raised later: at the next call, when
a result or a shared variable comes to the host, or by `synchronise`. Kernels of other functions look at other words, or
none: before one of these changes a shared variable, the host waits for the calls that may have failed.
"""

from __future__ import annotations

import atexit
import sys
from collections.abc import Sequence
from functools import cache, cached_property, partial
from typing import Any

import numpy as np

from bitale_backend_cuda.devices import in_use, one_at_a_time
from bitale_backend_cuda.driver import Driver
from bitale_backend_cuda.emit.support import BASE
from bitale_backend_cuda.groups import BLOCK
from bitale_backend_cuda.work import Work
from bitale_rewrite.loops.ir import Failure

WORDS = 5  # the number of the check, and up to four values that its message tells

RESTORING = f"""\
{BASE}
extern "C" __global__ void __launch_bounds__({BLOCK}) bitale_restore(
    const int64_t *status, const uint8_t *from, uint8_t *to, int64_t nbytes
) {{
    if (!*status) return;
    const int64_t step = (int64_t)gridDim.x * blockDim.x;
    for (int64_t i = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; i < nbytes; i += step) to[i] = from[i];
}}
"""

_unknown: dict[Checks, None] = {}  # those with calls of which it is not known whether they failed, in their order


class Checks:
    """The checks of one function."""

    def __init__(self, driver: Driver, failures: Sequence[Failure]) -> None:
        self.driver, self._failures = driver, failures
        self._clear = np.zeros(WORDS, "int64")
        self._word = driver.to_device(self._clear)
        self._seen = driver.pinned(self._clear.nbytes).view("int64")
        self.address = driver.address(self._word)
        _tell_at_exit()

    @cached_property
    def restoring(self) -> Any:
        """A kernel that copies bytes if a check failed."""
        return self.driver.load(self.driver.compile(RESTORING, self.driver.architecture)).kernel("bitale_restore")

    def begin(self) -> None:
        """A call begins to launch."""
        _unknown.setdefault(self)

    def report(self) -> Work:
        """Let the host see what is in the word, when the stream comes to it."""
        return partial(self.driver.fetch, self._seen.view("uint8"), self.address)

    @property
    def failed(self) -> bool:
        """Whether the host has seen a check that failed."""
        return bool(self._seen[0])

    def take(self) -> Exception | None:
        """The error of the check that failed, if one did. The word is clear again; nothing may be running."""
        code, *values = self._seen.tolist()
        if not code:
            return None
        self._seen[:] = 0
        self.driver.upload(self.address, self._clear)
        return self.error(code, values)

    def error(self, code: int, values: Sequence[int]) -> Exception:
        return self._failures[code - 1].exception(values)


def are_unknown(driver: Driver, own: Checks | None) -> bool:
    """Whether calls of other functions than the one with `own` checks may have failed."""
    return bool(_unknown) and any(checks is not own and checks.driver is driver for checks in _unknown)


def look() -> None:
    """Raise the error of a check that is known to have failed."""
    if _unknown and any(checks.failed for checks in _unknown):
        settle()


def settle(driver: Driver | None = None) -> None:
    """Wait until everything is done (on one device), and raise the error of the first call with a check that failed."""
    drivers = dict.fromkeys([driver] if driver else [*in_use(), *(checks.driver for checks in _unknown)])
    for each in drivers:
        with each.active():
            each.synchronise()
    done([checks for checks in _unknown if checks.driver in drivers])


def done(which: Sequence[Checks]) -> None:
    """Everything that these belong to is done: raise the error of the first that failed."""
    errors = []
    for checks in which:
        _unknown.pop(checks, None)
        with checks.driver.active():
            errors.append(checks.take())
    for error in filter(None, errors):
        raise error


def known(driver: Driver) -> None:
    """The host has waited for a device: raise the error of the first of its calls that failed."""
    if _unknown:
        done([checks for checks in _unknown if checks.driver is driver])


def synchronise() -> None:
    """Wait for everything that was launched on GPUs, and raise the error of the first call with a check that failed."""
    with one_at_a_time:
        settle()


@cache
def _tell_at_exit() -> None:
    """From when the device is in use, so that this comes before it is given up."""
    atexit.register(_last)


def _last() -> None:
    """Tell of an error that nothing came after."""
    try:
        if _unknown:
            synchronise()
    except Exception as error:  # the program has ended: there is nobody to raise it to
        print(f"bitale: a call on a GPU failed, and nobody asked for its results:\n{error}", file=sys.stderr)

"""The conformance tests of loops, branches, procedures and run-time errors on a device.

They run twice: with loops and branches as one kernel where that is possible, and with a launch for each of the kernels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

import bitale as bt
import bitale_backend_cuda as cuda
from bitale_backend_cuda import persistent
from bitale_backend_cuda.host import whole
from tests.conformance import test_lengths_in_loops as lengths
from tests.conformance import test_procedures as procedures
from tests.conformance import test_run_time_errors as errors
from tests.conformance.test_lengths_in_loops import *  # noqa: F403
from tests.conformance.test_loops import *  # noqa: F403
from tests.conformance.test_procedures import *  # noqa: F403
from tests.conformance.test_random_in_loops import *  # noqa: F403
from tests.conformance.test_run_time_errors import *  # noqa: F403
from tests.support.cuda.device import any_driver


@pytest.fixture(scope="module", autouse=True, params=["as one", "apart"])
def device(request) -> Iterator[Any]:
    """Functions are for a device here, unless they say otherwise. Sub-graphs that are kept are opened there."""
    driver = any_driver()
    cuda.install(0, driver)

    def compiled(graph: Any, form: object = None, **options: Any) -> Any:
        return cuda.compile(graph, driver=driver, **options)

    most = persistent.MOST if request.param == "as one" else 0
    anything = mock.Mock(return_value=mock.ANY)
    with (
        bt.config.set(mode="cuda"),
        mock.patch.object(errors, "compile", compiled),
        mock.patch.multiple(procedures, bodies=anything, kept=anything),
        mock.patch.object(persistent, "MOST", most),
        mock.patch.object(whole, "MOST", most),
        mock.patch.object(lengths, "MEMORY", 1e7),  # the emulated stream holds what is launched ahead
    ):
        yield driver
    cuda.install(0, None)

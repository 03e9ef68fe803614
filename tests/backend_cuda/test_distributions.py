"""Random numbers of every distribution on a device are those of the reference."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_backend_cuda import compile
from bitale_graph import evaluate
from tests.conformance.test_distributions import CASES, FEW, graph
from tests.support.agree import disagreement
from tests.support.cuda.device import any_driver


@pytest.mark.parametrize("name", CASES)
def test_a_device_is_the_reference(name):
    made, arrays = graph(name, FEW)
    (found,), (wanted,) = compile(made, driver=any_driver())(*arrays), evaluate(made, arrays)
    scale = np.abs(np.median(wanted, axis=1, keepdims=True)) if found.dtype.kind == "f" else 0
    assert not disagreement(found, wanted, scale, ulps=64)  # of several functions one after the other

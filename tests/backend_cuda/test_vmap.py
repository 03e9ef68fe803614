"""Batches on a device are the stacks of their elements."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_backend_cuda as cuda
from tests.conformance.test_vmap import CASES, batch_and_elements
from tests.support.cuda.device import any_driver


@pytest.fixture(scope="module")
def found():
    cuda.install(0, any_driver())
    yield batch_and_elements("cuda")
    cuda.install(0, None)


@pytest.mark.parametrize("name", CASES)
def test_the_batch_is_the_stack_of_its_elements(found, name):
    whole, elements = found
    np.testing.assert_allclose(whole[name], np.stack([each[name] for each in elements]), rtol=1e-9, atol=1e-12)

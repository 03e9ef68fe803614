"""The CUDA backend has its names and says that it has no kernels."""

from __future__ import annotations

import pytest

import bitale_backend_cuda as cuda
from bitale_graph import Graph
from bitale_graph import functions as F


@pytest.mark.parametrize("action", [cuda.compile, cuda.generate])
def test_every_request_is_refused(action):
    x = F.vector("x")
    with pytest.raises(cuda.CudaNotAvailable, match=rf"bitale_backend_cuda\.{action.__name__}: .* holds no kernels"):
        action(Graph([x], [F.exp(x)]))

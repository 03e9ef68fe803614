"""What a function on a GPU says of itself: its source, plan and rules, what runs on the host; and the NaN guard."""

from __future__ import annotations

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T
from bitale.guarded import NonFiniteError
from bitale_backend_cuda import install
from tests.support.cuda.emulated import EmulatedDriver


@pytest.fixture(autouse=True)
def device():
    install(0, EmulatedDriver())
    yield
    install(0, None)


def test_source_plan_and_rules():
    x = T.vector("x")
    f = bt.function([x], T.log(1 + x), mode="cuda", name="grow")
    assert "log1p(x[" in f.source() and "__global__" in f.source()
    assert "compute_result_0: x -> result_0" in str(f.plan())
    assert "log1p(x)" in str(f.explain())
    with pytest.raises(bt.BitaleError, match="grow was not compiled to C"):
        f.path  # noqa: B018


def test_what_runs_on_the_host_is_said_once():
    z = T.zvector("z")
    f = bt.function([z], T.exp(z) + 1, mode="cuda")
    assert str(f.explain()).count('runs on the host, in C: CUDA has no "exp"') == 1
    np.testing.assert_allclose(f(np.array([1j, 2.0])), np.exp([1j, 2.0]) + 1, rtol=1e-15)


def test_the_nan_guard_finds_the_operation():
    x = T.vector("x")
    f = bt.function([x], T.log(x), mode="cuda_nan_guard")
    assert f(np.ones(2)).tolist() == [0, 0]
    with pytest.raises(NonFiniteError, match="`log` makes NaN of finite numbers, first at index"):
        f(np.array([1.0, -1.0]))


def test_functions_and_variables_are_placed_one_by_one():
    install(1, EmulatedDriver(ordinal=1))
    try:
        w = bt.shared(np.arange(3.0), "w")
        assert (w.device, w.to("cuda:1").device) == ("cpu", "cuda:1")
        f = bt.function([], w.sum(), updates={w: w + 1}, mode="cuda:1")
        g = bt.function([], w.prod(), mode="cuda")
        assert (f(), w.device, g(), w.device) == (3, "cuda:1", 6, "cuda:0")
        assert (w.to("cpu").device, w.get_value().tolist()) == ("cpu", [1, 2, 3])
    finally:
        install(1, None)
    with pytest.raises(bt.ArgumentError, match=r'to\("tpu"\)|wanted "cuda", "cuda:1" or the number of a GPU, or "cpu"'):
        w.to("tpu")
    with pytest.raises(bt.ArgumentError, match="mode must be one of c, numpy"):
        bt.function([], w, mode="c:1")

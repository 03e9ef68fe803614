"""Mode "cuda": whole functions on a device, the emulated one unless pytest --device names a GPU."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T


@pytest.fixture(scope="module")
def device() -> Iterator[Any]:
    """The driver of the device, under its number 0."""
    backend = pytest.importorskip("bitale_backend_cuda")
    from tests.support.cuda.device import any_driver

    driver = any_driver()
    backend.install(0, driver)
    yield driver
    backend.install(0, None)


def on_device(*arguments, **options):
    return bt.function(*arguments, mode="cuda", **options)


x = T.dvector("x")


# ---- shared variables ------------------------------------------------------------------------------------------------


def test_updates_happen_in_place_on_the_device(device):
    w = bt.shared(np.arange(3.0), "w")
    f = on_device([x], (w * x).sum(), updates={w: w - x})
    assert f([1, 2, 3]) == 8
    array = w.cell[0].array
    address = device.address(array)
    assert f([1, 2, 3]) == -6
    assert device.address(w.cell[0].array) == address
    assert w.get_value().tolist() == [-2, -3, -4]


def test_updates_use_the_old_values_of_all(device):
    a, b = bt.shared(np.arange(4.0), "a"), bt.shared(np.ones(4), "b")
    f = on_device([], [a + b], updates={a: b, b: a + b})
    old, new = np.arange(4.0), np.ones(4)
    for _ in range(3):
        (total,) = f()
        old, new = new, old + new
        assert (total == new).all()
    assert (a.get_value() == old).all() and (b.get_value() == new).all()


def test_values_move_between_functions_in_c_and_on_the_device(device):
    w = bt.shared(np.arange(3.0), "w")
    there = on_device([x], updates={w: w - x})
    here = bt.function([x], w * 2 + x, updates={w: w + 10}, mode="c")
    there([1, 2, 3])
    assert not isinstance(w.cell[0], np.ndarray)
    assert here([1, 1, 1]).tolist() == [-1, -1, -1]
    there([1, 1, 1])
    assert w.get_value().tolist() == [8, 8, 8]
    w.set_value([5.0, 6.0])  # of another length
    there([1, 1])
    assert w.get_value().tolist() == [4, 5]
    got = w.get_value()
    got[:] = 0  # a copy
    assert w.get_value().tolist() == [4, 5]


def test_a_function_and_its_shared_variables_are_copied_and_pickled(device):
    w = bt.shared(np.arange(2.0), "w")
    f = on_device([x], x * w, updates={w: w + 1})
    f([1, 2])
    twin, restored = copy.deepcopy(f), pickle.loads(pickle.dumps(f))
    assert restored.mode == twin.mode == "cuda"
    assert restored([1, 2]).tolist() == twin([1, 2]).tolist() == [1, 4]
    assert w.get_value().tolist() == [1, 2]
    (own,) = restored.get_shared()
    assert own.get_value().tolist() == [2, 3]


def test_calls_from_several_threads_lose_no_update(device):
    w = bt.shared(np.zeros(1000), "w")
    f = on_device([x], (x * 2 + w).sum(), updates={w: w + x})
    failures, ones = [], np.ones(1000)

    def work() -> None:
        try:
            for _ in range(10):
                f(ones)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert (w.get_value() == 30).all()


# ---- arguments and results -------------------------------------------------------------------------------------------


def test_arrays_on_the_device_give_results_there(device):
    f = on_device([x], [x * 2, x.sum()])
    given = device.to_device(np.arange(4.0))
    doubled, total = f(given)
    assert not isinstance(doubled, np.ndarray)
    assert device.to_host(doubled).tolist() == [0, 2, 4, 6] and device.to_host(total) == 6
    again, _ = f(doubled)
    assert device.to_host(again).tolist() == [0, 4, 8, 12]
    assert isinstance(f(np.arange(4.0))[0], np.ndarray)
    with pytest.raises(ValueError, match=r"argument 0 \(`x`\) has 2 axes"):
        f(device.to_device(np.zeros((2, 2))))
    with pytest.raises(TypeError, match=r"argument 0 \(`x`\) has dtype float32"):
        f(device.to_device(np.zeros(2, "float32")))


def test_calls_by_keyword_with_defaults_and_results_by_name(device):
    y = T.dscalar("y")
    f = on_device([x, bt.In(y, value=3.0)], {"product": x * y, "sum": x + y})
    assert f(x=[1, 2])["product"].tolist() == [3, 6]
    found = f([1, 2], y=2)
    assert found["product"].tolist() == [2, 4] and found["sum"].tolist() == [3, 4]
    with pytest.raises(TypeError, match="no input named 'z'"):
        f([1, 2], z=2)


def test_a_function_shows_its_cuda_and_its_plan(device):
    f = on_device([x], T.cumsum(T.exp(x)) / T.sum(T.exp(x)), name="spread")
    assert "__global__" in f.source()
    assert "float64" in str(f.plan())


# ---- what runs -------------------------------------------------------------------------------------------------------


def test_loops_and_branches(device):
    start = T.dscalar("start")
    (last,), states = bt.loop.scan(lambda carries, v: ((carries[0] * 0.5 + v,), carries[0]), (start,), x)
    root = bt.loop.while_loop(lambda r: abs(r * r - start) > 1e-12 * start, lambda r: 0.5 * (r + start / r), start)
    chosen = bt.ifelse(start > 1, x * 2, x - 1)
    f = on_device([x, start], [last, states, root, chosen])
    last_, states_, root_, chosen_ = f([1, 2, 3], 1.0)
    assert last_ == 4.375 and states_.tolist() == [1, 1.5, 2.75]
    assert root_ == 1 and chosen_.tolist() == [0, 1, 2]
    assert f([1, 2, 3], 2.0)[3].tolist() == [2, 4, 6]
    assert f([1, 2, 3], 2.0)[2] == pytest.approx(2**0.5, rel=1e-12)


def test_random_streams_draw_the_bits_of_mode_c(device):
    draws = {}
    for mode in ("c", "cuda"):
        stream = bt.random.RandomStream(3)
        f = bt.function([], [stream.normal(size=(7,)), stream.integers(0, 100, size=(70,))], mode=mode)
        draws[mode] = [f(), f()]
    for (normals, integers), (normals_, integers_) in zip(draws["c"], draws["cuda"], strict=True):
        assert (integers == integers_).all()
        assert np.allclose(normals, normals_, 1e-15, 1e-15)
    assert (draws["cuda"][0][0] != draws["cuda"][1][0]).all()


def test_steps_that_only_the_host_can_do_are_listed_once(device):
    z = T.zvector("z")
    f = on_device([z], abs(T.exp(z) + 1) * 2)
    values = np.array([1j, 2.0, -1 + 3j])
    assert np.allclose(f(values), abs(np.exp(values) + 1) * 2, 1e-14)
    assert str(f.explain()).count('runs on the host, in C: CUDA has no "exp"') == 1
    assert "on the host" not in str(on_device([x], T.exp(x)).explain())


def test_shapes_may_depend_on_data(device):
    f = on_device([x], [x[x > 0] * 2, T.nonzero(x > 0)[0]])
    positive, places = f([1, -1, 3])
    assert positive.tolist() == [2, 6] and places.tolist() == [0, 2]
    assert f([-1.0])[0].shape == (0,)


def test_an_index_out_of_range_is_an_error_that_names_the_line(device):
    index, k = T.lvector("index"), T.lscalar("k")
    f, g = on_device([x, index], x[index]), on_device([x, k], x[k])
    with pytest.raises(IndexError, match=r"(?s)index 7 is out of range for axis 0 of length 2.*test_on_device.py"):
        f([1, 2], [0, 7])
    with pytest.raises(IndexError, match=r"(?s)index -3 is out of range for axis 0 of length 2.*test_on_device.py"):
        g([1, 2], -3)
    assert f([1, 2], [0, -1]).tolist() == [1, 2] and g([1, 2], 1) == 2


def test_synchronise_waits_and_raises_what_failed(device):
    w, i = bt.shared(np.zeros(3), "w"), T.lvector("i")
    f = on_device([i], [], updates={w: w[i].add(1.0)})
    f([0, 2])
    bt.synchronise()
    f([0, 7])
    with pytest.raises(IndexError, match="index 7 is out of range"):
        bt.synchronise()
    assert w.get_value().tolist() == [1, 0, 1]

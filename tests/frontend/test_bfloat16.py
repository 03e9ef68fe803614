"""bfloat16 as users meet it: arguments, shared variables, modes, floatX, tensors of other libraries, exported C."""

from __future__ import annotations

import ctypes
import pickle

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T
from bitale_graph.arrays import as_array
from bitale_graph.dtypes import BFLOAT16

X = T.vector("x", dtype="bfloat16")
TWICE = bt.function([X], 2 * X)


def training(mode: str) -> tuple[list[float], np.ndarray]:
    """A perceptron whose weights are float32, and are multiplied as bfloat16: costs, and weights in the end."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(64, 5)).astype("float32")
    labels = (points[:, 0] > points[:, 1]).astype("int64")
    w = bt.shared((rng.normal(size=(5, 8)) / 2).astype("float32"), "w")
    v, b = bt.shared((rng.normal(size=(8, 2)) / 2).astype("float32"), "v"), bt.shared(np.zeros(2, "float32"), "b")
    x, y = T.fmatrix("x"), T.lvector("y")
    low = [p.astype("bfloat16") for p in (x, w, v, b)]
    scores = T.tanh(low[0] @ low[1]) @ low[2] + low[3]
    assert scores.dtype == "bfloat16"
    cost = -T.mean(T.log_softmax(scores.astype("float32"), axis=1)[T.arange(y.shape[0]), y])
    updates = {p: p - 0.5 * g for p, g in zip([w, v, b], bt.grad(cost, [w, v, b]))}
    step = bt.function([x, y], cost, updates=updates, mode=mode)
    costs = [float(step(points, labels)) for _ in range(15)]
    return costs, w.get_value()


def test_training_is_the_same_in_all_modes():
    wanted, weights = training("numpy")
    assert weights.dtype == "float32" and wanted[-1] < 0.3 * wanted[0]
    for mode in ("c", "compare", "nan_guard"):
        costs, found = training(mode)
        np.testing.assert_allclose(costs, wanted, rtol=0.02)
        np.testing.assert_allclose(found, weights, atol=0.02)


def test_training_on_a_device():
    backend = pytest.importorskip("bitale_backend_cuda")
    from tests.support.cuda.device import any_driver

    backend.install(0, any_driver())
    try:
        np.testing.assert_allclose(training("cuda")[0], training("c")[0], rtol=0.02)
    finally:
        backend.install(0, None)


FIT = [[1.0, 2.51], [1, 2], np.array([1, 3], "int8"), np.array([1, 2.5], BFLOAT16), [2**70]]


@pytest.mark.parametrize("given", FIT)
def test_arguments_that_fit(given):
    found = TWICE(given)
    assert found.dtype == BFLOAT16
    np.testing.assert_array_equal(found, 2 * np.asarray(given, "float64").astype(BFLOAT16))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int16", "int64", "complex64"])
def test_arguments_that_would_be_rounded(dtype):
    lost = "which {} cannot hold without loss"
    with pytest.raises(TypeError, match=f"has dtype {dtype}, {lost.format('bfloat16')}\n.*\n.*'bfloat16'"):
        TWICE(np.ones(2, dtype))
    if dtype != "complex64":
        rounding = bt.function([bt.In(X, allow_downcast=True)], X)
        assert rounding(np.full(2, 3, dtype)).dtype == BFLOAT16
    other = dtype if dtype.startswith("int") else "float16"
    with pytest.raises(TypeError, match=f"has dtype bfloat16, {lost.format(other)}"):
        bt.function([narrow := T.vector(dtype=other)], narrow)(np.ones(2, BFLOAT16))
    wide = T.fvector()
    assert bt.function([wide], wide)(np.ones(2, BFLOAT16)).dtype == "float32"


def test_numpy_files_forget_the_dtype(tmp_path):
    np.save(tmp_path / "x.npy", np.ones(2, BFLOAT16))
    loaded = np.load(tmp_path / "x.npy")
    with pytest.raises(TypeError, match=r"dtype \|V2.*\n.*\n.*value.view\('bfloat16'\)"):
        TWICE(loaded)
    np.testing.assert_array_equal(TWICE(loaded.view("bfloat16")), [2, 2])


def test_shared_variables():
    s = bt.shared(np.ones(2, BFLOAT16), "s")
    s.set_value(np.array([1.001, 300.5]))
    np.testing.assert_array_equal(s.get_value(), np.array([1, 300], BFLOAT16))
    add = bt.function([X], s, updates={s: s + X})
    add([1.0, 1.0])
    for copy in (pickle.loads(pickle.dumps(s)), pickle.loads(pickle.dumps(add)), s):
        value = copy.get_value() if copy is not add and hasattr(copy, "get_value") else copy([0.0, 0.0])
        np.testing.assert_array_equal(value, np.array([2, 301], BFLOAT16))
    with pytest.raises(TypeError, match="cannot set a value of dtype complex64"):
        s.set_value(np.ones(2, "complex64"))


def test_the_default_float():
    with bt.config.set(floatX="bfloat16"):
        x, s = T.matrix("x"), bt.shared(0.1)
        assert x.dtype == s.dtype == T.zeros(2).dtype == "bfloat16"
        assert bt.random.RandomStream(0).normal(size=(3,)).dtype == "bfloat16"


def test_the_nan_guard_sees_it():
    guarded = bt.function([X], T.log(X), mode="nan_guard")
    np.testing.assert_array_equal(guarded([1.0]), [0])
    with pytest.raises(FloatingPointError, match=r"`log` makes NaN of finite numbers, .*\n.*operands in \[-1, 2\]"):
        guarded([2.0, -1.0])


class Tensor:
    """A tensor of another library, which NumPy cannot take: bfloat16 in DLPack, made of integers'."""

    def __init__(self, array: np.ndarray, kind: int = 4) -> None:
        self.bits, self.kind = array.view("uint16"), kind

    def __array__(self, *args, **options):
        raise TypeError("Got unsupported ScalarType BFloat16")

    def __dlpack_device__(self):
        return self.bits.__dlpack_device__()

    def __dlpack__(self, **options):
        capsule = self.bits.__dlpack__(**options)
        pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
            ("PyCapsule_GetPointer", ctypes.pythonapi)
        )
        ctypes.c_uint8.from_address(pointer(capsule, b"dltensor") + 20).value = self.kind
        return capsule


def test_tensors_of_other_libraries():
    array = np.arange(6).astype(BFLOAT16)
    assert np.shares_memory(as_array(Tensor(array)), array)
    np.testing.assert_array_equal(TWICE(Tensor(array[::2])), 2 * array[::2])
    assert bt.shared(Tensor(array)).dtype == T.constant(Tensor(array)).dtype == "bfloat16"
    with pytest.raises(TypeError):
        TWICE(Tensor(array, kind=7))


def test_exported_c(tmp_path):
    s = bt.shared(np.ones(2, BFLOAT16), "s")
    exported = bt.function([X], X * s + np.array([0.5, 1.5], BFLOAT16), name="line").export(tmp_path)
    header = exported.header.read_text()
    assert "A bfloat16 is the upper half of a float, kept in a uint16_t." in header
    assert "x: bfloat16[x_0]" in header and "const uint16_t *x" in header
    assert "uint16_t s[2]; /* bfloat16[2] */" in header
    assert "static const uint16_t line_start_s[2] = {\n    0x3f80, 0x3f80,\n};" in exported.source.read_text()

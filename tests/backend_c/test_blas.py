"""OpenBLAS by pointers: every routine of the list is there and computes."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from bitale_backend_c import blas

ROW_MAJOR, PLAIN, TRANSPOSED = 101, 111, 112
INT, DOUBLE, POINTER = ctypes.c_int, ctypes.c_double, ctypes.c_void_p


def routine(name, *types):
    table = blas.Table.from_address(blas.blas_address())
    return ctypes.CFUNCTYPE(None, *types)(table[blas.ROUTINES.index(f"cblas_{name}")])


def test_every_routine_is_there():
    table = blas.Table.from_address(blas.blas_address())
    assert all(table) and len(set(table)) == len(blas.ROUTINES) <= 64


def test_a_product():
    a, b, out = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(4, 3), np.ones((2, 4))
    gemm = routine("dgemm", *[INT] * 6, DOUBLE, POINTER, INT, POINTER, INT, DOUBLE, POINTER, INT)
    gemm(ROW_MAJOR, PLAIN, TRANSPOSED, 2, 4, 3, 2.0, a.ctypes.data, 3, b.ctypes.data, 3, 0.5, out.ctypes.data, 4)
    np.testing.assert_array_equal(out, 2 * a @ b.T + 0.5)


def test_a_batch_of_products():
    a, b, out = np.arange(12.0).reshape(2, 2, 3), np.arange(24.0).reshape(2, 3, 4), np.empty((2, 2, 4))
    matrix = [POINTER, INT, INT]
    gemm = routine("dgemm_batch_strided", *[INT] * 6, DOUBLE, *matrix, *matrix, DOUBLE, *matrix, INT)
    left, right, result = (a.ctypes.data, 3, 6), (b.ctypes.data, 4, 12), (out.ctypes.data, 4, 8)
    gemm(ROW_MAJOR, PLAIN, PLAIN, 2, 4, 3, 1.0, *left, *right, 0.0, *result, 2)
    np.testing.assert_array_equal(out, a @ b)


def test_one_thread_unless_asked():
    threads = blas.openblas().scipy_openblas_get_num_threads
    assert threads() == 1
    blas.set_threads(2)
    assert threads() == 2
    blas.set_threads(0)
    assert threads() == 1


def test_a_lost_wheel(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(blas.NoLibrary, match="pip install scipy-openblas32"):
        blas.openblas.__wrapped__()


def test_importing_loads_nothing():
    program = "import bitale_backend_c.blas, sys; print(open('/proc/self/maps').read().count('scipy_openblas32'))"
    if not os.path.exists("/proc/self/maps"):
        pytest.skip("needs /proc")
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "0\n"

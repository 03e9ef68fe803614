"""cuSOLVER as it is called: by a library with the same parameters that computes on the host, by LAPACK."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T
import bitale_backend_cuda
from bitale_backend_cuda import blas, solver
from bitale_backend_cuda.errors import CudaNotAvailable, LaunchError
from bitale_backend_cuda.solver import Solver, SolverCall
from bitale_graph.dtypes import real_dtype
from tests.support.cuda.device import any_driver
from tests.support.cuda.solver import solve

DTYPES = ("float32", "float64", "complex64", "complex128")
CALLS = {
    "potrf": ((2, 4), ()), "trsm": ((2, 4, 3), (True, False, False)), "trsm 2": ((2, 4, 3), (False, True, True)),
    "getrf": ((2, 4), ()), "getrs": ((2, 4, 3), (False,)), "getrs 2": ((2, 4, 3), (True,)),
    "geqrf": ((2, 5, 3), ()), "geqrf 2": ((2, 3, 5), ()), "orgqr": ((2, 5, 3, 3), ()), "orgqr 2": ((2, 5, 5, 3), ()),
    "syevd": ((2, 4), (True,)), "syevd 2": ((2, 4), (False,)),
    "gesvdj": ((2, 5, 3), (True, False)), "gesvdj 2": ((2, 3, 5), (True, False)), "gesvdj 3": ((2, 3, 5), (True, True)),
    "gesvdj 4": ((2, 5, 3), (True, True)), "gesvdj 5": ((2, 5, 3), (False, False)),
}  # fmt: skip


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    """cuSOLVER on the host."""
    openblas = pytest.importorskip("scipy_openblas32")
    if shutil.which("gcc") is None:
        pytest.skip("no gcc")
    folder, made = openblas.get_lib_dir(), tmp_path_factory.mktemp("cusolver") / "libcusolver.so"
    source = Path(__file__).with_name("cusolver.c")
    command = ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", source, "-o", made, f"-L{folder}"]
    done = subprocess.run(
        [*command, f"-Wl,-rpath,{folder}", f"-l{openblas.get_library()}"], capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
    assert not done.stderr, done.stderr
    return made


@pytest.fixture
def host_solver(library, monkeypatch) -> Solver:
    def load(name, parameters, versions=(), advice=""):
        found = ctypes.CDLL(str(library))
        for routine, types in parameters.items():
            getattr(found, routine).argtypes = types
        return found

    monkeypatch.setattr(blas, "library", load)
    return Solver(lambda stream, address, values: ctypes.memmove(address, values.ctypes.data, values.nbytes))


def arrays_for(call: SolverCall) -> list[np.ndarray]:
    """Matrices that the routine can work on; those that other routines make are made by these."""
    rng, made = np.random.default_rng(3), []
    for shape, dtype in call.arrays:
        parts = rng.normal(size=(2, call.sizes[0], *shape))
        made.append((parts[0] + 1j * parts[1] if dtype.startswith("complex") else parts[0]).astype(dtype))
    if call.routine == "potrf":
        made[0] = made[0] @ made[0].conj().swapaxes(1, 2) + np.eye(call.sizes[1], dtype=call.dtype)
    if call.routine == "getrs":
        solve(call._replace(routine="getrf", sizes=call.sizes[:2]), [*made[:2], made[3]])
    if call.routine == "orgqr":
        batch, m, _, k = call.sizes
        reflections = np.zeros((batch, k, m), call.dtype)
        reflections[...] = made[1][:, :k]
        solve(call._replace(routine="geqrf", sizes=(batch, m, k)), [reflections, made[0], made[2]])
        made[1][:, :k] = reflections
    return made


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("together", [True, False], ids=["together", "one by one"])
def test_routines(host_solver, monkeypatch, name, dtype, together):
    monkeypatch.setattr(solver, "SMALL", 256 if together else 0)
    call = SolverCall(name.split()[0], dtype, *CALLS[name])
    given = arrays_for(call)
    wanted, got = ([array.copy() for array in given] for _ in range(2))
    solve(call, wanted)
    room = np.full(host_solver.room(call) + 64, 7, "uint8")
    host_solver.run(0, call, [array.ctypes.data for array in got], room.ctypes.data)
    assert (room[-64:] == 7).all()
    tolerance = 2e-4 if real_dtype(dtype) == "float32" else 1e-11
    for found, right in zip(comparable(call, got), comparable(call, wanted), strict=True):
        np.testing.assert_allclose(found, right, rtol=tolerance, atol=tolerance)


def comparable(call: SolverCall, arrays: list[np.ndarray]) -> list[np.ndarray]:
    """What does not depend on the signs of vectors, without what a routine leaves in its work."""
    if call.routine in ("trsm", "getrs"):  # which say nothing
        return arrays[:-1]
    if call.routine == "syevd":
        return [np.abs(arrays[0]), *arrays[1:]] if call.flags[0] else arrays[1:]
    if call.routine == "gesvdj":
        _, s, *vectors, words = arrays
        if not vectors:
            return [s, words]
        v, u = vectors
        k = s.shape[-1]
        return [s, words, (u[:, :k].conj() * s[..., None]).swapaxes(1, 2) @ v[:, :k], v @ v.conj().swapaxes(1, 2)]
    return arrays


def test_a_matrix_that_is_not_positive_is_said_to_be_so(host_solver):
    call = SolverCall("potrf", "float64", (2, 3))
    a, words = np.stack([np.eye(3), -np.eye(3)]), np.zeros(2, "int32")
    room = np.empty(host_solver.room(call), "uint8")
    host_solver.run(0, call, [a.ctypes.data, words.ctypes.data], room.ctypes.data)
    assert words.tolist() == [0, 1]


def test_lengths_of_more_than_32_bits(host_solver):
    with pytest.raises(LaunchError, match=r"32 bits: potrf of 1 matrices in float64(.|\n)*computing cholesky"):
        host_solver.room(SolverCall("potrf", "float64", (1, 2**31), note="cholesky(x)"))


def test_a_status_has_its_name(host_solver, monkeypatch):
    monkeypatch.setattr(host_solver, "_handle", ctypes.c_void_p(1))
    with pytest.raises(LaunchError, match="cusolverDnDpotrf_bufferSize failed with CUSOLVER_STATUS_NOT_INITIALIZED"):
        host_solver.room(SolverCall("potrf", "float64", (1, 3)))


def test_without_the_library(monkeypatch):
    def missing(name, parameters, versions=(), advice=""):
        raise CudaNotAvailable(advice)

    monkeypatch.setattr(solver.blas, "library", missing)
    with pytest.raises(CudaNotAvailable, match="pip install nvidia-cusolver-cu12"):
        Solver(ctypes.memmove)


def test_what_runs_where():
    """Decompositions on the device, in memory of the call; eigenvalues of any matrix on the host, which is said."""
    driver = any_driver()
    bitale_backend_cuda.install(0, driver)
    x = T.dmatrix("x")
    inside = bt.function([x], T.linalg.svdvals(T.linalg.inv(x)), mode="cuda")
    outside = bt.function([x], T.linalg.eigvals(x), mode="cuda")
    value = np.diag([1.0, 2.0, 4.0])
    for _ in range(3):
        np.testing.assert_allclose(inside(value), [1, 0.5, 0.25])
        np.testing.assert_allclose(outside(value), [1, 2, 4])
    bitale_backend_cuda.install(0, None)
    said = [[str(record) for record in f.explain() if "host" in str(record)] for f in (inside, outside)]
    assert not said[0] and "eigvals" in said[1][0]

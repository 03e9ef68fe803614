"""The benchmark for GPUs, without one: its workloads run on the emulated device, and its report renders."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks import check
from benchmarks.compile_time import FirstCall
from benchmarks.cuda import __main__ as command
from benchmarks.cuda import first
from benchmarks.cuda.columns import Column, columns, wall_clock
from benchmarks.cuda.contest import Contest, problem
from benchmarks.cuda.report import GpuRecord, markdown
from benchmarks.cuda.tasks import Sizes, Task, tasks
from benchmarks.libraries import bitale as library
from benchmarks.measure import Measurement, Settings
from benchmarks.workload import Call
from bitale_backend_cuda import devices
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.emulated import EmulatedDriver

TINY = Sizes(blocks=3, rows=7, columns=33, orders=(40,))
TASKS = {task.name: task for task in tasks(TINY)}
OWN = [name for name, task in TASKS.items() if task.figure != "call"]


@pytest.fixture(scope="module")
def column() -> Iterator[Column]:
    """Bitale's, on the emulated device."""
    driver = EmulatedDriver()
    devices.install(0, driver)

    def host(value: Any) -> np.ndarray:
        return value if isinstance(value, np.ndarray) else driver.to_host(value)

    yield Column(partial(library.build, mode="cuda", place=driver.to_device), host, wall_clock(lambda _: None))
    devices.install(0, None)


@needs_compiler
@pytest.mark.parametrize("name", [*OWN, "tiny10[3]:f64", "newton:f64"])
def test_workloads_compute_what_numpy_computes(column, name):
    task = TASKS[name]
    wanted = check.expected(task.block or task.workload)
    call = column.build(task.workload)
    assert call is not None and not all(np.all(array == 0) for array in task.workload.arrays())
    assert problem(task, call, column.host, wanted) is None


def test_the_tasks_are_large_small_training_and_loops():
    full = {task.name: task for task in tasks()}
    assert full["scale_shift[250000x1000]:f32"].amount == 2e9  # a gigabyte read, another written
    assert full["sum_ax1[250000x1000]:f32"].amount == 1e9
    assert full["product[4096]:f64"].amount == 2 * 4096**3
    assert {"add1_vec3[3]:f64", "mlp_train[60]:f32", "lstm_train[100x32x128]:f32", "garch[5000]:f64"} <= set(full)


def shifted(task: Task, by: float, at: slice) -> Call:
    """A call that is wrong in some of its rows."""

    def wrong(x: np.ndarray) -> np.ndarray:
        result = 2 * x + 1
        result[at] += by
        return result

    return Call(wrong, task.workload.arrays())


@pytest.mark.parametrize(("at", "fault"), [(slice(0, 0), None), (slice(20, 21), "off by"), (slice(0, 1), "off by")])
def test_a_wrong_row_of_any_block_is_found(at, fault):
    task = TASKS["scale_shift[21x33]:f32"]
    found = problem(task, shifted(task, 0.01, at), np.asarray, check.expected(task.block))
    assert found is None if fault is None else fault in found


def test_a_contest_times_what_is_right_and_names_what_is_not():
    task = TASKS["scale_shift[21x33]:f32"]

    def made(by: float) -> Callable[..., Call]:
        return lambda workload: shifted(Task(workload), by, slice(None))

    def broken(workload: Any) -> Call:
        raise RuntimeError("no such thing")

    clock = wall_clock(lambda _: None)
    builders = {"bitale": made(0), "cupy": made(1), "jax": broken, "torch": lambda workload: None}
    found = {name: Column(build, np.asarray, clock) for name, build in builders.items()}
    contest = Contest(found, Settings(rounds=3, batch=1e-4, budget=1, least=2))
    results = {one.column: one for one in contest.run(task, lambda text: None)}
    assert {name: one.status for name, one in results.items()} == {
        "bitale": "ok", "cupy": "WRONG", "jax": "failed", "torch": "none",
    }  # fmt: skip
    assert len(results["bitale"].seconds) == 3 and 0 < results["bitale"].median < 1e-2
    assert "no such thing" in results["jax"].detail


def test_the_report_gives_shares_of_copies_and_of_cublas():
    every = tasks()
    steady = [
        Measurement("scale_shift[250000x1000]:f32", "bitale", 1, "ok", seconds=[1e-3]),
        Measurement("scale_shift[250000x1000]:f32", "torch", 1, "ok", seconds=[2e-3]),
        Measurement("product[4096]:f32", "bitale", 1, "ok", seconds=[4e-3]),
        Measurement("product[4096]:f32", "cupy", 1, "ok", seconds=[3e-3]),
        Measurement("dense[4096]:f32", "bitale", 1, "ok", seconds=[6e-3]),
        Measurement("add1_vec3[3]:f64", "bitale", 1, "ok", seconds=[4e-6]),
        Measurement("add1_vec3[3]:f64", "jax", 1, "WRONG", "result 0 is off"),
    ]
    first = [FirstCall("mlp_train[60]:f32", "bitale", 0.5, 0.1), FirstCall("mlp_train[60]:f32", "jax", detail="lost")]
    record = GpuRecord({"GPU": "one"}, 2.5e12, steady, first, ["torch: not installed"], ["3 of 9, from x on"])
    text = markdown(record, every)
    assert "GPU one, copies 2,500 GB/s" in text
    assert "| 1m (1m) | **2m (2m)** | – | – | 0.50 (0.50) | 80% of copy |" in text
    assert "| product[4096]:f32 | 4m (4m) | – | **3m (3m)** | – | 1.33 (1.33) | 75% of cuBLAS |" in text
    assert "| 50% of cuBLAS |" in text and "- add1_vec3[3]:f64, jax, WRONG: result 0 is off" in text
    assert "500m → 100m" in text and "- first call of mlp_train[60]:f32, jax: lost" in text
    assert "- torch: not installed" in text and "- 3 of 9, from x on" in text


def test_without_a_gpu_the_command_says_so(monkeypatch):
    monkeypatch.setattr(devices, "_drivers", {})
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(SystemExit, match=r"(?s)measures a GPU, and there is none.*needs CuPy.*bitale\[cuda12\]"):
        command.main([])


def test_a_library_that_is_not_there_is_told_of(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    absent: list[str] = []
    assert columns(("cupy",), absent.append) == {}
    assert len(absent) == 1 and absent[0].startswith("cupy: ModuleNotFoundError")


def test_what_there_is_no_time_for_is_left_out():
    record = GpuRecord({})
    assert list(command.Clocked(-1, record).each(["a", "b"], str)) == []
    assert record.left_out == ["2 of 2, from a on"]
    assert list(command.Clocked(1, record).each(["a", "b"], str)) == ["a", "b"]


class FakeEvent:
    """A moment of the host's clock, in place of a device's."""

    def record(self) -> None:
        self.at = time.perf_counter()

    def synchronize(self) -> None: ...


def fake_cupy() -> SimpleNamespace:
    """What the command asks of CuPy, of NumPy's arrays."""
    properties = {"name": b"Emulated", "totalGlobalMem": 2**30}
    runtime = SimpleNamespace(getDeviceProperties=lambda ordinal: properties, driverGetVersion=lambda: 12040)
    cuda = SimpleNamespace(
        Event=FakeEvent, get_elapsed_time=lambda start, stop: 1e3 * (stop.at - start.at), runtime=runtime
    )
    pool = SimpleNamespace(free_all_blocks=lambda: None)
    return SimpleNamespace(
        __version__="14", cuda=cuda, random=np.random, empty_like=np.empty_like, copyto=np.copyto,
        get_default_memory_pool=lambda: pool,
    )  # fmt: skip


@needs_compiler
def test_the_command_measures_writes_and_prints(column, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(command, "device", fake_cupy)
    monkeypatch.setattr(command, "columns", lambda libraries, said: {"bitale": column})
    monkeypatch.setattr(command, "tasks", lambda sizes: list(TASKS.values()))
    known = ("processor", "python", "bitale", "jax", "torch", "numpy")
    monkeypatch.setattr(command, "machine", lambda: dict.fromkeys(known, "?"))
    monkeypatch.setattr(first, "first_call", lambda column, workload, said: FirstCall(workload, column, 2.0, 1.0))
    command.main(["--only", "scale_shift", "product[40]:f32", "--output", str(tmp_path), "--blocks", "1"])
    text = (tmp_path / "cuda.md").read_text()
    assert text in capsys.readouterr().out
    assert "GPU Emulated" in text and "| scale_shift[21x33]:f32 |" in text and "% of copy |" in text
    assert "| product[40]:f32 |" in text and "2s → 1s" in text and "sum_ax1" not in text
    found = json.loads((tmp_path / "cuda.json").read_text())
    assert [one["status"] for one in found["steady"]] == ["ok", "ok"] and found["copy"] > 0

"""The benchmark harness, without the peers: it measures, notices wrong results, and reports what fails."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import check, compile_time, cpu
from benchmarks.compile_time import FirstCall
from benchmarks.large_graphs import LargeGraph
from benchmarks.libraries import numpy as numpy_library
from benchmarks.measure import Contest, Measurement, Settings
from benchmarks.process import Worker, WorkerLost
from benchmarks.report import duration, markdown
from benchmarks.timing import Stopwatch
from benchmarks.workload import Call
from benchmarks.workloads import WORKLOADS, select

SMALL = [name for name, workload in WORKLOADS.items() if sum(array.size for array in workload.arrays()) < 500_000]
QUICK = Settings(rounds=2, batch=0.001, budget=0.01, least=2)


def test_patterns_select_by_part_and_by_shell_pattern():
    assert select(["mlp_fwd"]) == ["mlp_fwd[1]:f32", "mlp_fwd[60]:f32", "mlp_fwd[600]:f32"]
    assert select(["radon*f64"]) == ["radon_logp:f64"]
    assert select([]) == list(WORKLOADS)


@pytest.mark.parametrize("name", SMALL)
def test_numpy_agrees_with_its_own_double_precision(name: str):
    workload = WORKLOADS[name]
    wanted = check.expected(workload)
    assert check.difference(workload, wanted, numpy_library.COLUMNS["numpy"](workload)) is None


@pytest.mark.parametrize("name", [name for name in SMALL if WORKLOADS[name].kind == "value_and_gradient"])
def test_gradients_by_hand_agree_with_finite_differences(name: str):
    workload = WORKLOADS[name]
    arrays = workload.arrays()
    random = np.random.default_rng(0)
    step = 1e-6

    def value(arrays: tuple[np.ndarray, ...]) -> float:
        return float(workload.numpy(*arrays)[0])

    directions = [random.standard_normal(array.shape) for array in arrays[: workload.parameters]]
    ahead, behind = (
        (*(array + sign * step * way for array, way in zip(arrays, directions)), *arrays[workload.parameters :])
        for sign in (1, -1)
    )
    slope = (value(ahead) - value(behind)) / (2 * step)
    gradients = workload.numpy(*arrays)[1:]
    assert slope == pytest.approx(sum(np.sum(g * way) for g, way in zip(gradients, directions)), rel=1e-5)


def test_a_wrong_result_is_named():
    workload = WORKLOADS["add1_vec3[3]:f64"]
    wanted = check.expected(workload)
    x = workload.arrays()[0]
    assert "off by" in check.difference(workload, wanted, Call(lambda x: x + 1.001, (x,)))
    assert "shape (1,)" in check.difference(workload, wanted, Call(lambda x: x[:1] + 1, (x,)))
    assert "2 results" in check.difference(workload, wanted, Call(lambda x: (x, x), (x,)))
    assert "off by nan" in check.difference(workload, wanted, Call(lambda x: x * np.nan, (x,)))


def test_a_training_step_that_forgets_a_parameter_is_wrong():
    workload = WORKLOADS["logreg_train[10]:f32"]
    arrays = workload.arrays()

    def forgetful(w, b, samples, targets):
        return workload.numpy(w, b.copy(), samples, targets)

    fault = check.difference(workload, check.expected(workload), Call(forgetful, arrays, lambda: arrays[:2]))
    assert fault is not None


def test_a_stopwatch_counts_seconds_per_call():
    stopwatch = Stopwatch(Call(sum, ([1] * 10_000,)), 0.002)
    assert 1e-6 < stopwatch.batch() < 1e-2


def test_a_contest_of_one_library(tmp_path):
    with (tmp_path / "log").open("w") as log:
        contest = Contest(["numpy"], 1, tmp_path, log)
        (result,) = contest.run("tiny10[3]:f64", QUICK, lambda text: None)
        contest.close()
    assert (result.status, len(result.seconds)) == ("ok", 3)
    assert 0 < result.minimum <= result.median < 1e-2


def test_a_library_that_is_not_there_fails_by_name(tmp_path):
    with (tmp_path / "log").open("w") as log:
        worker = Worker("nonsense", 1, tmp_path, log)
        answer = worker.ask("forget")
        worker.close()
    assert answer["status"] == "failed"
    assert "benchmarks.libraries.nonsense" in answer["detail"]


def test_a_worker_that_does_not_answer_is_lost_and_started_again(tmp_path):
    with (tmp_path / "log").open("w") as log:
        worker = Worker("numpy", 1, tmp_path, log)
        with pytest.raises(WorkerLost, match="no answer"):
            worker.ask("prepare", 0.0, column="numpy", workload="sum_all[1e7]:f64", seconds=0.001)
        assert worker.ask("forget") == {"status": "ok"}
        worker.close()


def test_the_report_marks_the_best_peer_and_keeps_what_is_wrong():
    measurements = [
        Measurement("work", "bitale", 1, "ok", seconds=[2e-6, 3e-6, 4e-6]),
        Measurement("work", "numpy", 1, "ok", seconds=[6e-6]),
        Measurement("work", "jax", 1, "WRONG", "result 0 is off"),
        Measurement("work", "numexpr", 1, "none"),
    ]
    calls = [FirstCall("work", "bitale", 0.4, 0.1, 0.2, 30.0, 5.0)]
    stages = {"import": 0.2, "build": 0.1, "gradient": 0.0, "optimise": 0.3, "lower": 0.5, "emit": 0.2, "compile": 2.0}
    graphs = [LargeGraph("chain", n, {stage: s * n / 1000 for stage, s in stages.items()}, 50.0) for n in (1000, 9000)]
    text = markdown(measurements, calls, {"load": "0.1"}, graphs)
    assert "| chain | 9,000 | 1.80 | 0.90 | 0.00 | 2.70 | 4.50 | 1.80 | 18.00 | 9.00 | 1.00 | 50 |" in text
    assert "| work | 3 (2) | **6 (6)** | WRONG | – | 0.50 (0.33) |" in text
    assert "work, jax, 1 thread(s), WRONG: result 0 is off" in text
    assert "0.40 → 0.10" in text


@pytest.mark.parametrize("seconds, text", [(1.5e-7, "0.15"), (2.5e-4, "250"), (0.0123, "12.3m"), (2.0, "2s")])
def test_durations_have_three_digits(seconds: float, text: str):
    assert duration(seconds) == text


def test_a_first_call_in_a_fresh_process():
    result = compile_time.first_call("numpy", "tiny10[3]:f64", lambda text: None)
    assert result.detail == ""
    assert 0 < result.warm < 5


def test_the_command_writes_its_three_files(tmp_path, capsys):
    cpu.main(
        [
            *("--only", "add1_vec3", "--libraries", "numpy", "--threads", "1", "--quick"),
            *("--output", str(tmp_path / "output"), "--cache", str(tmp_path / "cache")),
        ]
    )
    record = json.loads((tmp_path / "output" / "results.json").read_text())
    assert [one["status"] for one in record["steady"]] == ["ok"]
    assert "add1_vec3" in (tmp_path / "output" / "results.md").read_text()
    assert (tmp_path / "output" / "results_1.png").stat().st_size > 1000

"""The benchmark harness, without the peers: it measures, notices wrong results, and reports what fails."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import check, compile_time, cpu
from benchmarks.compile_time import FirstCall
from benchmarks.large_graphs import LargeGraph
from benchmarks.libraries import COLUMNS
from benchmarks.libraries import numpy as numpy_library
from benchmarks.measure import Contest, Measurement, Settings
from benchmarks.process import Worker, WorkerLost
from benchmarks.record import Record
from benchmarks.report import best_peer, markdown, ratio
from benchmarks.table import duration
from benchmarks.timing import Stopwatch
from benchmarks.workload import Call
from benchmarks.workloads import PARALLEL, PLANNED, WORKLOADS, planned, select

SMALL = [name for name, workload in WORKLOADS.items() if sum(array.size for array in workload.arrays()) < 500_000]
QUICK = Settings(rounds=2, batch=0.001, budget=0.01, least=2)


def test_patterns_select_by_part_and_by_shell_pattern():
    assert select(["mlp_fwd"]) == ["mlp_fwd[1]:f32", "mlp_fwd[60]:f32", "mlp_fwd[600]:f32"]
    assert select(["radon*f64"]) == ["radon_logp:f64"]
    assert select([]) == list(WORKLOADS)


def test_the_plan_has_every_workload_once_and_its_patterns_name_some():
    assert sorted(planned(list(WORKLOADS))) == sorted(WORKLOADS)
    assert planned(["hvp:f64", "sum_ax0[2000x1000]:f32", "tiny10[3]:f64"])[0] == "tiny10[3]:f64"
    for pattern in PLANNED + PARALLEL + compile_time.COMPILED + compile_time.LARGE:
        assert select([pattern.replace("[[]", "[").split("*")[0]]) or select([f"*{pattern}*"]), pattern
    columns = {column for columns in COLUMNS.values() for column in columns}
    assert all(set(workload.without) <= columns for workload in WORKLOADS.values())


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
    text = markdown(Record({"load": "0.1"}, measurements, calls, graphs, ["memory: 2 of 3, from x on"]))
    assert "| chain | 9,000 | 1.80 | 0.90 | 0.00 | 2.70 | 4.50 | 1.80 | 18.00 | 9.00 | 1.00 | 50 |" in text
    assert "| work | 3 (2) | **6 (6)** | WRONG | – | 0.50 (0.33) |" in text
    assert "work, jax, 1 thread, WRONG: result 0 is off" in text
    assert "0.40 → 0.10" in text
    assert "30 / 5" in text
    assert "- memory: 2 of 3" in text


def test_a_column_of_another_run_is_marked_and_compared_within_that_run():
    mine = [
        Measurement("work", "bitale", 1, "ok", seconds=[2e-6]),
        Measurement("work", "numpy", 1, "ok", seconds=[4e-6]),
    ]
    other = [
        Measurement("work", "bitale", 1, "ok", seconds=[6e-6]),
        Measurement("work", "numpy", 1, "ok", seconds=[1e-6]),  # this run has its own
        Measurement("work", "pytensor-c", 1, "ok", seconds=[5e-6]),
    ]
    record = Record({}, list(mine), [FirstCall("work", "bitale", 0.4, 0.1, 0.2, 30.0, 5.0)])
    record.add(Record({"load": "3"}, other, [FirstCall("work", "pytensor-c", 9.0, 0.8, 2.0, 90.0, 5.0)]))
    assert best_peer(record.steady) is other[2]
    assert ratio(record.steady) == pytest.approx(1.2)
    text = markdown(record)
    assert "| workload | bitale | numpy | pytensor-c | bitale / best peer |" in text
    assert "| work | 2 (2) | 4 (4) | **5 (5)†** | 1.20 (1.20) |" in text
    assert "† another run, compared with Bitale's times in that run: load 3" in text
    assert "| work | 0.40 → 0.10 | 9.00 → 0.80† |" in text


def test_two_threads_are_compared_with_one():
    results = [
        Measurement("work", "bitale", threads, "ok", seconds=times)
        for threads, times in ((1, [8e-6, 9e-6, 9e-6]), (2, [4e-6, 6e-6, 6e-6]))
    ]
    assert "| work | 9 (8) | 6 (4) | 1.50 (2.00) |" in markdown(Record({}, results))


def test_memory_alone_has_its_table_and_no_empty_ones_beside():
    text = markdown(Record({}, first=[FirstCall("work", "numpy", None, 0.1, 0.2, 3.0, 2.0)]))
    assert "| work | 3 / 2 |" in text
    assert "empty cache" not in text
    assert "| column |" not in text


def test_what_cannot_work_is_said_and_not_tried(tmp_path):
    with (tmp_path / "log").open("w") as log:
        contest = Contest(["torch"], 1, tmp_path, log)
        result = contest._prepare("torch-compile", "garch[5000]:f64", QUICK, {})
    assert (result.status, "unrolls" in result.detail) == ("not run", True)
    first = compile_time.first_call("torch-compile", "garch[5000]:f64", lambda text: None)
    assert first.detail.startswith("not run")


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
            *("--only", "embed_sgd", "--libraries", "numpy", "--stages", "1,2,compile,memory,large", "--quick"),
            *("--output", str(tmp_path / "output"), "--cache", str(tmp_path / "cache")),
        ]
    )
    record = json.loads((tmp_path / "output" / "results.json").read_text())
    assert [(one["threads"], one["status"]) for one in record["steady"]] == [(1, "ok"), (2, "ok")]
    assert "embed_sgd" in (tmp_path / "output" / "results.md").read_text()
    assert [one["column"] for one in record["first"]] == ["numpy"]
    assert (tmp_path / "output" / "results_1.png").stat().st_size > 1000


def test_an_interrupted_run_goes_on_and_a_spent_budget_is_told(tmp_path, capsys):
    output = tmp_path / "output"
    common = [*("--libraries", "numpy", "--stages", "1", "--quick", "--cache", str(tmp_path)), "--output", str(output)]
    cpu.main([*common, "--only", "add1_vec3"])
    before = Record.read(output / "results.json").steady
    cpu.main([*common, "--only", "add1_", "--resume"])
    after = Record.read(output / "results.json").steady
    assert after[: len(before)] == before
    assert [one.workload for one in after] == ["add1_vec3[3]:f64", "add1_scalar:f64"]
    cpu.main([*common, "--only", "add1_", "tiny10", "--resume", "--budget", "0"])
    text = (output / "results.md").read_text()
    assert "- 1 thread: 1 of 1, from tiny10[3]:f64 on" in text
    assert "| add1_scalar:f64 |" in text

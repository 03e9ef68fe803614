"""The examples run, and do what they say."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from tests.architecture.workspace import ROOT


def printed(example: str, *arguments: str) -> str:
    """What an example prints."""
    command = [sys.executable, "-W", "error", f"examples/{example}.py", *arguments]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def rows(example: str) -> dict[str, list[str]]:
    """The rows of the table that an example prints: the cells after the first, by the first."""
    lines = [line.strip("│ \n").split("│") for line in printed(example).splitlines() if line.startswith("│")]
    return {name.strip(): [cell.strip() for cell in cells] for name, *cells in lines}


@pytest.mark.slow
def test_digits_are_learnt():
    found = rows("digits")
    assert float(found["perceptron"][-1].rstrip("%")) >= 97
    assert float(found["logistic regression"][-1].rstrip("%")) >= 95
    assert (ROOT / "examples/output/digits.png").stat().st_size > 10_000


def test_garch_is_fitted():
    found = rows("garch")
    for name in ("omega", "alpha", "beta"):
        truth, value = map(float, found[name])
        assert abs(value - truth) < 0.05, found


@pytest.mark.slow
def test_lstm_learns_to_write():
    head, _, written = printed("lstm", "2").partition("and so it writes")
    losses = [float(loss) for loss in head.partition("loss by epoch")[2].split("learning curve")[0].split()]
    assert len(losses) == 2 and losses[0] < 3 and losses[1] < 2, losses
    words = [word for word in written.split() if word.isalpha()]
    known = set(import_module("examples.lstm").load().split())
    assert len(words) > 30 and sum(word in known for word in words) > 0.6 * len(words), written
    assert (ROOT / "examples/output/lstm.png").stat().st_size > 10_000

"""The examples run, and do what they say."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.architecture.workspace import ROOT


def rows(example: str) -> dict[str, list[str]]:
    """The rows of the table that an example prints: the cells after the first, by the first."""
    command = [sys.executable, "-W", "error", f"examples/{example}.py"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    lines = [line.strip("│ \n").split("│") for line in ran.stdout.splitlines() if line.startswith("│")]
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

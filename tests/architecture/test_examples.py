"""The examples run (the demo has a test of its own in test_readme.py)."""

from __future__ import annotations

import subprocess
import sys

from tests.architecture.workspace import ROOT


def test_garch_is_fitted():
    ran = subprocess.run(
        [sys.executable, "-W", "error", "examples/garch.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    found = {cells[0]: cells[1:] for line in ran.stdout.splitlines() if len(cells := line.replace("│", " ").split()) == 3}
    for name in ("omega", "alpha", "beta"):
        truth, value = map(float, found[name])
        assert abs(value - truth) < 0.05, ran.stdout

"""Generated C and the module that calls it, with every access to memory checked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import sanitized

ROOT = Path(__file__).parents[2]
TESTS = ("tests/conformance/test_misfits.py", "tests/backend_c/test_shim.py", "tests/backend_c/test_shim_memory.py")


@pytest.mark.slow
@pytest.mark.skipif(not sanitized.libraries(), reason="gcc has no sanitizers here")
def test_no_access_beyond_an_end():
    """`hatch run sanitize` runs the whole conformance suite so."""
    command = [sys.executable, "-m", "tests.support.sanitized", "-q", *TESTS]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-4000:]
    assert " passed" in run.stdout

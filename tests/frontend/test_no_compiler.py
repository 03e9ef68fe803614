"""Without a compiler functions run in NumPy; with a broken one the error says what happened."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import warnings, numpy as np, bitale as bt, bitale.tensor as T
x = T.vector("x")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    results = [bt.function([x], T.exp(x) + k)(np.zeros(2)) for k in range(2)]
print([r.tolist() for r in results], [str(w.message).splitlines()[-1] for w in caught])
"""


def run(program: str, cache: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "BITALE_CACHE": str(cache), **environment}
    return subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=False)


def test_no_compiler_warns_once_and_runs_in_numpy(tmp_path: Path) -> None:
    done = run(PROGRAM, tmp_path, BITALE_CC="none")
    expected = "[[1.0, 1.0], [2.0, 2.0]] ['  Functions run in NumPy instead, more slowly.']"
    assert done.stdout.strip() == expected, done.stderr


def test_two_processes_compile_the_same_function(tmp_path: Path) -> None:
    program = "import numpy as np, bitale as bt; x = bt.tensor.vector(); print(bt.function([x], x + 1)(np.ones(2)))"
    variables = {**os.environ, "BITALE_CACHE": str(tmp_path)}
    both = [
        subprocess.Popen([sys.executable, "-c", program], env=variables, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [p.communicate(timeout=120)[0].strip() for p in both] == ["[2. 2.]"] * 2


def test_importing_is_quick_and_compiles_nothing(tmp_path: Path) -> None:
    program = "import sys, bitale; print([m for m in ('scipy', 'cffi', 'rich', 'matplotlib') if m in sys.modules])"
    done = run(program, tmp_path)
    assert done.stdout.strip() == "[]", done.stderr
    assert not list(tmp_path.iterdir())

"""Each way in works from built wheels in a clean environment, and brings no more than it says."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.workspace import PACKAGES, ROOT

pytestmark = pytest.mark.slow

SYMBOLIC = """
import numpy as np
from bitale_autodiff import grad
from bitale_graph import Graph, Variable, functions as F, tensor_type
from bitale_graph.reference import evaluate

x = Variable(tensor_type("float64", (None,)), name="x")
slope = grad(F.sum(F.sin(x) * x), x)
assert "cos(x)" in str(Graph([x], [slope])), slope
value = np.array([0.0, 1.0, 2.0])
result = evaluate(slope, {x: value})
np.testing.assert_allclose(result, np.sin(value) + value * np.cos(value))

for name in ("bitale_rewrite", "bitale_backend_c", "bitale_backend_cuda", "bitale", "cffi"):
    try:
        __import__(name)
    except ModuleNotFoundError:
        continue
    raise AssertionError(f"{name} came along")
"""

HOST_PROJECT = """
import numpy as np
from bitale_backend_c import compile, generate
from bitale_graph import Graph, Variable, functions as F, tensor_type

class Expression:
    '''A small expression language of another project, which borrows a compiler.'''

    def __init__(self, names, build):
        inputs = [Variable(tensor_type("float64", (None,)), name=name) for name in names]
        self.graph = Graph(inputs, [build(*inputs)])
        self.run = compile(self.graph)

distance = Expression("ab", lambda a, b: F.sqrt(F.sum((a - b) ** 2)))
(result,) = distance.run(np.zeros(4), np.ones(4))
assert result == 2.0, result
assert "sqrt" in generate(distance.graph)

for name in ("bitale", "bitale_autodiff"):
    try:
        __import__(name)
    except ModuleNotFoundError:
        continue
    raise AssertionError(f"{name} came along")
"""

FULL = """
import numpy as np
import bitale as bt
import bitale.tensor as T

x = T.vector("x")
f = bt.function([x], [T.exp(x).sum(), bt.grad(T.exp(x).sum(), x)])
total, slope = f(np.zeros(3))
assert total == 3.0 and slope.tolist() == [1.0, 1.0, 1.0], (total, slope)
"""


def run(*command: object, **options: object) -> str:
    """Run a command; its whole output is in the failure."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> Path:
    """A folder with one wheel per package, built from this tree."""
    folder = tmp_path_factory.mktemp("wheels")
    for package in PACKAGES:
        run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=package.path)
    assert len(list(folder.glob("*.whl"))) == len(PACKAGES)
    return folder


def clean_environment(folder: Path, wheels: Path, requirement: str) -> Path:
    """The Python of a new environment that holds this requirement and what it asks for."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if importlib.util.find_spec("uv"):
        uv = (sys.executable, "-m", "uv")
        run(*uv, "venv", "--python", sys.executable, folder)
        run(*uv, "pip", "install", "--python", python, "--find-links", wheels, requirement)
    else:
        run(sys.executable, "-m", "venv", folder)
        run(python, "-m", "pip", "install", "--find-links", wheels, requirement)
    return python


def test_wheels_hold_the_package_and_its_papers_only(wheels: Path):
    for package in PACKAGES:
        distribution = package.project["name"].replace("-", "_")
        (wheel,) = wheels.glob(f"{distribution}-[0-9]*.whl")
        names = zipfile.ZipFile(wheel).namelist()
        folders = {name.partition("/")[0].partition("-")[0] for name in names}
        assert folders == {package.import_name, distribution}
        assert f"{package.import_name}/py.typed" in names
        assert any(name.endswith("/licenses/LICENSE") for name in names)


@pytest.mark.parametrize(
    ("requirement", "program"),
    [("bitale-autodiff", SYMBOLIC), ("bitale-backend-c", HOST_PROJECT), ("bitale", FULL)],
    ids=["symbolic", "host-project", "full"],
)
def test_a_clean_installation_runs(wheels: Path, tmp_path: Path, requirement: str, program: str):
    python = clean_environment(tmp_path / "environment", wheels, requirement)
    script = tmp_path / "program.py"
    script.write_text(program)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    run(python, "-W", "error", script, cwd=tmp_path, env=environment)
    where = run(python, "-c", "import bitale_graph; print(bitale_graph.__file__)", env=environment)
    assert ROOT not in Path(where).parents

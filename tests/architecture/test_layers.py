"""Arrows between packages only point down: this table is the architecture, and the imports must obey it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.workspace import PACKAGES, Package

SIBLINGS = {
    "bitale_graph": set(),
    "bitale_autodiff": {"bitale_graph"},
    "bitale_rewrite": {"bitale_graph"},
    "bitale_backend_c": {"bitale_graph", "bitale_rewrite"},
    "bitale_backend_cuda": {"bitale_graph", "bitale_rewrite", "bitale_backend_c"},
    "bitale": {
        "bitale_graph",
        "bitale_autodiff",
        "bitale_rewrite",
        "bitale_backend_c",
        "bitale_backend_cuda",
    },
}

# NumPy comes with bitale_graph, on which everything stands.
LIBRARIES = {
    "bitale_graph": {"numpy", "scipy", "ml_dtypes"},
    "bitale_autodiff": {"numpy"},
    "bitale_rewrite": {"numpy"},
    "bitale_backend_c": {"numpy", "cffi", "scipy_openblas32"},
    "bitale_backend_cuda": {"numpy", "cupy", "cupy_backends", "cuda"},  # what comes with CuPy
    "bitale": {"numpy"},
}

# What an extra brings may be imported inside a function only.
OPTIONAL = {"bitale": {"bitale_backend_cuda"}, "bitale_backend_cuda": {"cupy", "cupy_backends", "cuda"}}

DISTRIBUTIONS = {package.project["name"]: package.import_name for package in PACKAGES}


def imports(tree: ast.AST, module: str, is_package: bool) -> Iterator[tuple[ast.stmt, str]]:
    """The import statements below a node, each with the absolute name of a module it reads."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: (1 if is_package else 0) - node.level or None] if node.level else []
            yield node, ".".join([*base, *filter(None, [node.module])])


def parsed(package: Package) -> Iterator[tuple[str, Path, ast.Module]]:
    for module, path in package.modules():
        yield module, path, ast.parse(path.read_text(), str(path))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.import_name)
def test_imports_point_down(package: Package):
    allowed = {package.import_name} | SIBLINGS[package.import_name] | LIBRARIES[package.import_name]
    wrong = [
        f"{path}:{node.lineno}: {name}"
        for module, path, tree in parsed(package)
        for node, name in imports(tree, module, path.name == "__init__.py")
        if name.partition(".")[0] not in allowed | sys.stdlib_module_names
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.import_name)
def test_optional_imports_wait_for_a_call(package: Package):
    optional = OPTIONAL.get(package.import_name, set())
    early = [
        f"{path}:{node.lineno}: {name}"
        for module, path, tree in parsed(package)
        for statement in tree.body
        if not isinstance(statement, (ast.FunctionDef, ast.ClassDef))
        for node, name in imports(statement, module, path.name == "__init__.py")
        if name.partition(".")[0] in optional
    ]
    assert not early, "\n".join(early)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.import_name)
def test_declared_dependencies_are_the_arrows(package: Package):
    names = {re.match(r"[\w-]+", requirement)[0] for requirement in package.project["dependencies"]}
    siblings = {DISTRIBUTIONS[name] for name in names & DISTRIBUTIONS.keys()}
    assert siblings == SIBLINGS[package.import_name] - OPTIONAL.get(package.import_name, set())
    libraries = {name.replace("-", "_") for name in names - DISTRIBUTIONS.keys()}
    assert libraries <= LIBRARIES[package.import_name] - OPTIONAL.get(package.import_name, set())


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.import_name)
def test_importing_loads_nothing_from_above(package: Package):
    """A look at a fresh interpreter, which also sees what imports inside other imports bring."""
    program = f"import sys, {package.import_name}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split()) & set(SIBLINGS)
    expected = {package.import_name} | SIBLINGS[package.import_name]
    assert loaded <= expected - OPTIONAL.get(package.import_name, set())


def test_importing_the_frontend_is_light():
    """SciPy takes longer to import than Bitale; it is loaded by the first function that needs it."""
    program = "import sys, bitale; print([name for name in ('scipy', 'cupy') if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"

"""Every package says what is public, and every public name exists and explains itself."""

from __future__ import annotations

import importlib
import inspect

import pytest

from tests.architecture.workspace import PACKAGES, ROOT

NAMESPACES = ["bitale.fft", "bitale.linalg", "bitale.random", "bitale.tensor"]
PUBLIC = [*(package.import_name for package in PACKAGES), *NAMESPACES]
MODULES = [module for package in PACKAGES for module, _ in package.modules()]


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_exist_once_and_are_documented(name: str):
    module = importlib.import_module(name)
    names = module.__all__
    assert len(names) == len(set(names))
    assert [each for each in names if not hasattr(module, each)] == []
    values = {each: getattr(module, each) for each in names}
    needing = {
        each: value
        for each, value in values.items()
        if inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value)
    }
    assert [each for each, value in needing.items() if not (value.__doc__ or "").strip()] == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_opens_with_a_sentence_and_exports_what_it_has(name: str):
    module = importlib.import_module(name)
    opening = (module.__doc__ or "").strip().partition("\n\n")[0]
    assert opening.endswith((".", ":")), f"{name}: say in one sentence what it is for"
    assert [each for each in getattr(module, "__all__", []) if not hasattr(module, each)] == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.import_name)
def test_a_package_is_typed_and_has_its_papers(package):
    assert (package.source / "py.typed").exists()
    assert (package.path / "README.md").read_text().startswith(f"# {package.project['name']}\n")
    assert (package.path / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()

"""Each package has its own version; the ranges siblings accept, and the changelogs, agree with it."""

from __future__ import annotations

import importlib
import re

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.architecture.workspace import PACKAGES, Package

VERSIONS = {
    package.project["name"]: Version(importlib.import_module(f"{package.import_name}.__about__").__version__)
    for package in PACKAGES
}


def sibling_requirements(package: Package) -> list[Requirement]:
    project = package.project
    extras = project.get("optional-dependencies", {}).values()
    lines = [*project["dependencies"], *(line for extra in extras for line in extra)]
    return [requirement for requirement in map(Requirement, lines) if requirement.name in VERSIONS]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.import_name)
def test_siblings_are_pinned_to_the_compatible_range(package: Package):
    for requirement in sibling_requirements(package):
        version = VERSIONS[requirement.name]
        wanted = {f">={version.major}.{version.minor}", f"<{version.major}.{version.minor + 1}"}
        assert {str(part) for part in requirement.specifier} == wanted, str(requirement)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.import_name)
def test_the_version_is_the_one_in_use_and_the_newest_in_the_changelog(package: Package):
    version = VERSIONS[package.project["name"]]
    assert importlib.import_module(package.import_name).__version__ == str(version)
    newest = re.search(r"^## (\S+)", (package.path / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest and newest[1] == str(version)


def test_python_versions_agree():
    assert {package.project["requires-python"] for package in PACKAGES} == {">=3.11"}

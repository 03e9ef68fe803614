"""One concept per file: no Python file is longer than 400 lines, save those on one visible list."""

from __future__ import annotations

from pathlib import Path

from tests.architecture.workspace import ROOT

LONGEST = 400

# File -> why it is one concept. Empty is the aim.
EXCEPTIONS: dict[str, str] = {}


def python_files() -> list[Path]:
    folders = ("packages", "tests", "benchmarks", "examples", "docs")
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def lengths() -> dict[str, int]:
    return {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in python_files()}


def test_no_file_is_too_long():
    too_long = {path: length for path, length in lengths().items() if length > LONGEST}
    assert too_long.keys() <= EXCEPTIONS.keys(), f"over {LONGEST} lines: {too_long}"


def test_the_exceptions_are_still_needed():
    found = lengths()
    assert all(found.get(path, 0) > LONGEST for path in EXCEPTIONS), "take short and lost files off the list"
